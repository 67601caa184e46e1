"""Words that a rewriting may add: they make a sentence polite and whole and say nothing of their own.

Articles, the smallest prepositions, forms of "is", thanks, and what every reply is about: price, order, parcel. No
words that deny, count, promise or tell who or when: "not", "both", "free", "we", "was", "soon" are none. In scripts
without spaces they are pieces between what the plan says.
"""

from __future__ import annotations

from functools import cache

from bot.answer.marks import folded

_WORDS = {
    "en": "a an the this that these those it its it's is are be being has have having do does your yours our "
    "their and of in on at to for also hello hi dear please thank thanks happy glad gladly "
    "currently here good costs cost priced price item product order parcel "
    "question regarding",
    "es": "el la los las un una unos unas de del al en a con y e su sus es está están son tiene tienen hola "
    "gracias favor nuestro nuestra aquí encantado gusto actualmente cuesta precio producto pedido "
    "paquete sobre respecto estimado estimada este esta",
    "fr": "le la les l' l un une des de du d' d au aux en à dans et ce cet cette ces est sont bonjour merci "
    "votre vos notre nos voici voilà s'il plaît volontiers actuellement coûte prix produit "
    "article commande colis concernant cher chère s ai",
    "de": "der die das den dem des ein eine einen einem einer eines und von vom in im an am auf zu zum zur bei "
    "beim mit für ist sind hat haben unser unsere unserem ihr ihre ihren ihrem hallo guten tag danke "
    "bitte gern gerne aktuell derzeit hier kostet preis produkt artikel bestellung paket ihrer "
    "frage dieser diese dieses",
    "pt": "o a os as um uma uns umas de do da dos das no na nos nas em ao à com e é está são estão olá "
    "obrigado  "
    "obrigada favor seu sua seus suas nosso nossa aqui prazer atualmente custa preço produto item "
    "pedido pacote encomenda sobre este esta esse essa",
    "it": "il lo la i gli le l' l un uno una un' di del dello della dei delle al allo alla ai in nel nella su "
    "sul sulla con e ed è sono salve buongiorno grazie prego volentieri ecco suo sua "
    "suoi sue nostro nostra attualmente costa prezzo prodotto articolo ordine pacco riguardo questo "
    "questa",
    "nl": "de het een van in op aan te bij met voor en dit deze is zijn heeft hebben onze uw hallo dag dank "
    "bedankt alstublieft graag momenteel hier kost prijs product artikel bestelling pakket "
    "betreffende vraag",
    "pl": "w we na z ze o i a to ten ta te tego tej jest są dzień dobry dziękuję dziękujemy proszę "
    "nasz nasza nasze obecnie tutaj oto kosztuje cena produkt produktu zamówienie zamówienia paczka "
    "paczki dotyczące",
    "ru": "в во на с со к ко и а это этот эта эти у ваш ваша ваше ваши наш наша его её здравствуйте "
    "добрый день  "
    "спасибо пожалуйста сейчас вот стоит цена товар товара заказ заказа посылка посылки рады",
    "uk": "в у на з із зі і й а це цей ця ці ваш ваша ваше ваші наш наша його її добрий день вітаємо "
    "дякуємо дякую будь ласка зараз ось коштує ціна товар товару замовлення посилка посилки раді",
    "tr": "bir ve de da bu şu o merhaba teşekkürler teşekkür ederiz lütfen sizin bizim anda işte "
    "fiyatı fiyat ürün ürünü ürünün adlı sipariş siparişiniz paket paketiniz sayın hakkında",
    "ar": "في على مع أن هذا هذه ذلك تلك مرحبا مرحبًا أهلا أهلًا شكرا شكرًا شكر يرجى فضلكم حاليا حاليًا "
    "إليكم سعر السعر المنتج منتج الطلب طلبكم الطرد بخصوص يبلغ يكلف تكلف هنا",
    "he": "של את על עם זה זו זאת אלה שלכם שלנו שלום תודה בבקשה כרגע הנה מחיר המחיר מחירו עולה המוצר מוצר "
    "ההזמנה הזמנה החבילה חבילה לגבי כאן ו ה",
    "hi": "का की के में पर और है हैं यह ये आपका आपकी आपके हमारा हमारी हमारे नमस्ते धन्यवाद कृपया अभी यहाँ "
    "कीमत क़ीमत मूल्य उत्पाद ऑर्डर पार्सल बारे भी एवं तथा जी",
    "id": "di dengan pada dan ini itu adalah halo terima kasih silakan saat berikut harga harganya "
    "seharga produk barang pesanan paket mengenai tersebut nya dalam",
    "vi": "của và là ở tại với về này đó xin chào cảm ơn vui lòng dạ giá sản phẩm đơn hàng gói đây ạ thưa bạn",
    "ko": "이 그 저 및 이는 고객님 고객님의 안녕하세요 감사합니다 네 현재 입니다 가격은 가격 상품 "
    "상품은 상품의 주문 주문은 소포 소포는 소포가 저희 여기",
    "zh": "的 是 您好 您的 这 这款 该 请 谢谢 感谢 当前 目前 现在 价格 售价 商品 产品 订单 包裹 关于 呢 "
    "哦 为您 本 此 一下 哟 啊 好的 很高兴",
    "zh-Hant": "的 是 您好 您的 這 這款 該 請 謝謝 感謝 當前 目前 現在 價格 售價 商品 產品 訂單 包裹 關於 呢 "
    "哦 為您 本 此 一下 啊 好的 很高興",
    "ja": "の は です ます でして ございます こちら この その お客様 様 ご お いつも "
    "ありがとうございます こんにちは はい 現在 価格 商品 ご注文 お荷物 について いたします "
    "しております  "
    "おります となります になります ただいま 当店 よ ね",
    "th": "ที่ ของ และ ใน กับ เป็น คือ อยู่ นี้ นั้น ค่ะ คะ ครับ ลูกค้า สวัสดี ขอบคุณ กรุณา ขณะ ตอน ราคา สินค้า คำสั่งซื้อ พัสดุ เกี่ยวกับ",
}


@cache
def small_words(language: str) -> frozenset[str]:
    """The words of a language, in small letters."""
    return frozenset(folded(_WORDS[language]).split()) | frozenset(folded(_WORDS[language]).replace("'", " ").split())
