"""Short words that tell a language where there are too few letters for statistics: courtesies, questions, colours."""

from __future__ import annotations

# A word stands under every language here that has it, so that shared words tell nothing more than they should.
_BY_LANGUAGE = {
    "en": "hello hey thanks thank you please yes and or the a is are it my what where when how who why which can do "
    "does not no in on with for to of order parcel refund return size red blue green black white shoes cup "
    "mug good bye morning cancel human person delivery shipping price cheap bigger smaller this that stock",
    "es": "hola gracias por favor sí si no y o el la los las un una es está están mi qué dónde cuándo cómo quién "
    "cuál puedo tiene hay en con para de pedido paquete talla rojo roja azul verde negro negra blanco blanca "
    "taza adiós buenos buenas días tardes noches cuánto cuesta envío precio quiero",
    "fr": "bonjour bonsoir salut merci oui non et ou le la les un une des est sont mon ma mes que quoi où quand "
    "comment qui quel quelle puis avez vous je en avec pour de commande colis taille rouge bleu vert noir "
    "blanc tasse au revoir livraison prix combien ce cette plaît",
    "de": "hallo danke vielen dank bitte ja nein und oder der die das ein eine ist sind mein meine was wo wann wie wer "
    "warum welche kann haben sie ich in auf mit für zu von bestellung paket größe rot rote roter blau blaue grün "
    "schwarz weiß tasse tschüss guten tag morgen lieferung preis nicht es",
    "pt": "olá oi obrigado obrigada por favor sim não e ou o a os as um uma é está são meu minha que onde quando "
    "como quem qual posso tem há em com para de do da pedido encomenda tamanho vermelho vermelha azul verde "
    "preto preta branco branca caneca tchau bom boa dia tarde noite quanto custa entrega preço quero",
    "it": "ciao grazie per favore sì si no e o il lo la gli le un una è sono mio mia che cosa dove quando come chi "
    "quale posso avete in con di da del ordine pacco taglia rosso rossa blu verde nero nera bianco bianca "
    "tazza arrivederci buongiorno buonasera quanto costa spedizione prezzo voglio non",
    "nl": "hallo hoi dag bedankt dank alsjeblieft ja nee en of de het een is zijn mijn wat waar wanneer hoe wie "
    "waarom welke kan hebben jullie u ik in op met voor te van bestelling pakket maat rood rode blauw blauwe "
    "groen zwart wit mok goedemorgen goedemiddag prijs niet wel",
    "pl": "cześć dziękuję proszę tak nie i lub a w z na do jest są mój moja moje co gdzie kiedy jak kto czy który "
    "mogę macie mam zamówienie paczka rozmiar czerwony niebieski zielony czarny biały kubek dzień dobry cena "
    "dostawa",
    "tr": "merhaba selam teşekkürler teşekkür ederim lütfen evet hayır ve veya bu bir benim ne nerede zaman nasıl "
    "kim neden hangi var mı mi mu yok ile için sipariş siparişim kargo kargom beden kırmızı mavi yeşil siyah "
    "beyaz kupa fiyat iyi günler",
    "id": "halo hai terima kasih tolong ya tidak dan atau di ke dari ini itu saya apa mana kapan bagaimana siapa "
    "berapa bisa ada dengan untuk pesanan paket ukuran merah biru hijau hitam putih cangkir selamat pagi "
    "siang harga",
    "vi": "chào xin cảm ơn vâng không và hoặc là của tôi gì đâu khi nào thế ai bao nhiêu có với cho đơn hàng kích "
    "cỡ đỏ xanh đen trắng cốc giá",
    "ru": "привет здравствуйте спасибо пожалуйста да нет и или это мой моя моё мне что где когда как кто почему "
    "какой можно есть ли в на с для заказ посылка размер красный синий зелёный чёрный белый кружка сколько "
    "стоит доставка не",
    "uk": "привіт вітаю дякую будь ласка так ні і або це мій моя моє мені що де коли як хто чому який можна чи є в "
    "на з для замовлення посилка розмір червоний синій зелений чорний білий кухоль скільки коштує доставка не "
    "та",
}  # fmt: skip

WORDS: dict[str, frozenset[str]] = {
    word: frozenset(language for language, words in _BY_LANGUAGE.items() if word in words.split())
    for word in {word for words in _BY_LANGUAGE.values() for word in words.split()}
}

# Used everywhere, so a text of nothing else is in no language.
INTERNATIONAL = frozenset(
    {"ok", "okay", "okey", "oke", "hi", "wow", "lol", "sms", "pdf", "usb", "led", "wifi", "email", "mail", "online"}
)
