"""Parcel labels as customers photograph them, drawn: five layouts of our own, seven scripts, turned, soft, dim, curved.

Nothing here is any carrier's own form. Tracking numbers are such as knowledge/logistics judges to be theirs.
"""

from __future__ import annotations

import math
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from knowledge.logistics.tracking_numbers import judge

WIDTH, HEIGHT = 1200, 1600  # of the photo
_TRIES = 20_000  # one in some hundred has the right check digits
_PAGE = 860  # of the label's width in it, where it is not small
CARRIERS = (
    # The carrier's name, its code, the number's stem, where "#" stands for a digit and "?" for a letter or digit.
    ("UPS Standard", "ups", "1Z?#####68########"), ("FedEx Ground", "fedex", "############"),
    ("USPS Tracking", "usps", "92055#################"), ("DHL Express", "dhl", "JVGL##########"),
    ("Amazon Logistics", "amazon", "TBA############"), ("SF Express", "sf_express", "SF1############"),
    ("Royal Mail", "royal_mail", "RR#########GB"), ("China Post", "s10", "LP#########CN"),
    ("YunExpress", "yunexpress", "YT################"), ("DPD", "dpd", "0150##########?"),
)  # fmt: skip
# "Order no.", "Tracking no.", "Recipient", a street, "Article", "Thank you for your order": as each script writes them.
WORDS = {
    "en": ("Order no.:", "Tracking:", "Ship to", "14 Mill Lane", "Article", "Thank you for your order"),
    "zh": ("订单号：", "运单号：", "收件人", "人民路八号", "商品", "感谢您的订购"),
    "zh-Hant": ("訂單編號：", "運單號碼：", "收件人", "中山路八號", "商品", "感謝您的訂購"),
    "ja": ("ご注文番号：", "お問い合わせ番号：", "お届け先", "本町二丁目", "商品", "ご注文ありがとうございます"),
    "ko": ("주문번호:", "운송장번호:", "받는 분", "세종대로", "상품", "주문해 주셔서 감사합니다"),
    "ru": ("Номер заказа:", "Трек-номер:", "Получатель", "Садовая улица", "Товар", "Спасибо за заказ"),
    "ar": ("رقم الطلب:", "رقم التتبع:", "المستلم", "شارع الجامعة", "المنتج", "شكرا لطلبك"),
    "th": ("เลขที่คำสั่งซื้อ:", "หมายเลขพัสดุ:", "ผู้รับ", "ถนนสุขุมวิท", "สินค้า", "ขอบคุณที่สั่งซื้อ"),
    "hi": ("ऑर्डर संख्या:", "ट्रैकिंग संख्या:", "प्राप्तकर्ता", "गांधी मार्ग", "उत्पाद", "आपके ऑर्डर के लिए धन्यवाद"),
}
DAMAGES = ("plain", "small", "soft", "dim", "curved")
LAYOUTS = ("courier", "post", "slip", "carton", "code")
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Label:
    """A label as it was printed. `printed` are its numbers in letters, `barred` those in barcodes, each with its kind:
    order, tracking, sku, gtin."""

    picture: Image.Image
    printed: tuple[tuple[str, str], ...]
    barred: tuple[tuple[str, str], ...]


def tracking_number(carrier: str, stem: str, rng: random.Random) -> str:
    """A number that is judged to be this carrier's.

    Raises:
        ValueError: none of many that have this form is.
    """
    signs = {"#": "0123456789", "?": "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"}
    for _ in range(_TRIES):
        number = "".join(rng.choice(signs[sign]) if sign in signs else sign for sign in stem)
        found = judge(number)
        if found and (carrier == "s10" or any(one.carrier == carrier for one in found)):
            return number
    raise ValueError(f"no number like {stem} is one of {carrier}")


def gtin(rng: random.Random) -> str:
    """Thirteen digits, the last of which checks the others (GS1)."""
    digits = [4, 0, *(rng.randrange(10) for _ in range(10))]
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)


def font_file(language: str) -> str | None:
    """A font of this machine that has the language's letters, None where there is none."""
    return "" if language == "en" else _installed(language)


@lru_cache(maxsize=32)
def _installed(language: str) -> str | None:
    lister = shutil.which("fc-list")
    if lister is None:
        return None
    tag = {"zh": "zh-cn", "zh-Hant": "zh-tw"}.get(language, language)
    command = [lister, f":lang={tag}", "file"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603  our own words
    files = sorted(line.strip(" :") for line in found.splitlines() if "Bold" not in line and "Oblique" not in line)
    return files[0] if files else None


def drawn_note(text: str, language: str) -> bytes:
    """A picture of a note with the text on it, four words a line, as PNG."""
    words, file, kept = text.split(), font_file(language), BytesIO()
    rows = [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]
    picture = Image.new("RGB", (1200, 80 + 70 * len(rows)), "white")
    font: Any = ImageFont.truetype(file, 44) if file else ImageFont.load_default(44)
    for number, row in enumerate(rows):
        ImageDraw.Draw(picture).text((40, 40 + 70 * number), row, fill="black", font=font)
    picture.save(kept, "PNG")
    return kept.getvalue()


@dataclass
class _Sheet:
    """White paper that lines and codes are put on, one under the other."""

    page: Image.Image
    language: str
    y: int = 30

    def line(self, text: str, size: int = 26, own: bool = False, x: int = 40) -> None:
        """A line of text, in the language's font where it is its `own` words."""
        file = font_file(self.language) if own else ""
        font: Any = ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
        ImageDraw.Draw(self.page).text((x, self.y), text, font=font, fill="black")
        self.y += round(size * 1.6)

    def both(self, words: str, number: str, size: int = 26) -> None:
        """The language's words, and a number in the plain font behind them."""
        file = font_file(self.language)
        own: Any = ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
        draw = ImageDraw.Draw(self.page)
        draw.text((40, self.y), words, font=own, fill="black")
        x = 40 + round(draw.textlength(words, font=own)) + 12
        draw.text((x, self.y), number, font=ImageFont.load_default(size), fill="black")
        self.y += round(size * 1.7)

    def code(self, kind: str, text: str, wide: int, high: int = 0, x: int = 40) -> None:
        """A barcode, as wide as fits `wide` in whole pixels a module."""
        made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind))
        bare = np.asarray(made.to_image(scale=1, add_quiet_zones=False))
        modules = bare.shape[1]
        scale = max(2, wide // modules)
        picture = Image.fromarray(bare).resize((modules * scale, high or len(bare) * scale), Image.Resampling.NEAREST)
        self.page.paste(picture, (x, self.y))
        self.y += picture.height + 14

    def rule(self) -> None:
        ImageDraw.Draw(self.page).line((30, self.y, self.page.width - 30, self.y), fill="black", width=3)
        self.y += 18


def label(layout: str, language: str, rng: random.Random, order: str, sku: str) -> Label:
    """One label with new numbers, but for the order's and the article's."""
    name, carrier, stem = CARRIERS[rng.randrange(len(CARRIERS))]
    tracking, article = tracking_number(carrier, stem, rng), gtin(rng)
    sheet = _Sheet(Image.new("RGB", (_PAGE, 1120), "white"), language)
    printed, barred = _LAYOUTS[layout](sheet, name, {"order": order, "sku": sku, "tracking": tracking, "gtin": article})
    page = sheet.page.crop((0, 0, _PAGE, sheet.y + 30))
    numbers = {"order": order, "sku": sku, "tracking": tracking, "gtin": article}
    return Label(
        page, tuple((kind, numbers[kind]) for kind in printed), tuple((kind, numbers[kind]) for kind in barred)
    )


_Kinds = tuple[tuple[str, ...], tuple[str, ...]]


def _courier(sheet: _Sheet, carrier: str, numbers: dict[str, str]) -> _Kinds:
    order, tracking, to, street, _, _ = WORDS[sheet.language]
    sheet.line(carrier.upper(), 44)
    sheet.rule()
    sheet.line(to, 24, own=True)
    sheet.line("Ana Garcia", 30)
    sheet.line(street, 26, own=True)
    sheet.line("28013 MADRID  ES", 30)
    sheet.rule()
    sheet.code("Code128", numbers["tracking"], 760, 170)
    sheet.both(tracking, numbers["tracking"], 28)
    sheet.rule()
    sheet.both(order, numbers["order"])
    sheet.line("1.35 KG   PKG 1 OF 1", 24)
    return ("order", "tracking"), ("tracking",)


def _post(sheet: _Sheet, carrier: str, numbers: dict[str, str]) -> _Kinds:
    _, tracking, to, street, article, _ = WORDS[sheet.language]
    sheet.line(f"{carrier}   PRIORITY", 34)
    sheet.code("QRCode", f"https://shop.example/orders/{numbers['order']}", 240)
    sheet.line(to, 22, own=True)
    sheet.line(street, 24, own=True)
    sheet.line("75011 PARIS  FR", 26)
    sheet.both(tracking, numbers["tracking"], 24)
    sheet.both(article, f"{numbers['sku']}  x 1   EUR 24.90", 22)
    sheet.line("Sample [ ]  Gift [ ]  Goods [x]", 20)
    return ("tracking", "sku"), ("order",)


def _slip(sheet: _Sheet, _carrier: str, numbers: dict[str, str]) -> _Kinds:
    order, _, _, street, article, thanks = WORDS[sheet.language]
    sheet.line(thanks, 32, own=True)
    sheet.both(order, numbers["order"], 28)
    sheet.line(street, 22, own=True)
    sheet.line("2026-10-17    3 items    64.70 EUR", 22)
    sheet.rule()
    for count, at in ((1, numbers["sku"]), (2, "Cable 1 m"), (1, "Bag M")):
        sheet.both(article, f"{at}   {count} x 12.95", 22)
    sheet.rule()
    sheet.code("EAN13", numbers["gtin"], 380, 120)
    sheet.line(" ".join((numbers["gtin"][:1], numbers["gtin"][1:7], numbers["gtin"][7:])), 24)
    return ("order", "sku"), ("gtin",)


def _carton(sheet: _Sheet, carrier: str, numbers: dict[str, str]) -> _Kinds:
    _, tracking, _, _, article, _ = WORDS[sheet.language]
    sheet.line("FRAGILE   THIS SIDE UP", 40)
    sheet.both(article, numbers["sku"], 34)
    sheet.code("EAN13", numbers["gtin"], 480, 190)
    sheet.line(numbers["gtin"], 28)
    sheet.both(tracking, numbers["tracking"], 24)
    sheet.line(f"via {carrier}", 22)
    return ("tracking", "sku"), ("gtin",)


def _code(sheet: _Sheet, carrier: str, numbers: dict[str, str]) -> _Kinds:
    order, *_ = WORDS[sheet.language]
    sheet.line(carrier, 36)
    sheet.code("DataMatrix", numbers["tracking"], 200)
    sheet.code("Code128", numbers["order"], 420, 90)
    sheet.both(order, numbers["order"], 24)
    return ("order",), ("tracking", "order")


_LAYOUTS = dict(zip(LAYOUTS, (_courier, _post, _slip, _carton, _code), strict=True))


def photographed(page: Image.Image, degrees: float, damage: str, rng: np.random.Generator) -> Image.Image:
    """A phone's photo of a label that lies on something, turned by `degrees`, 1200 × 1600, as it comes out of JPEG."""
    if damage == "curved":
        page = _curved(page)
    share = 0.56 if damage == "small" else 1.0
    # However it is turned it must lie inside the photo.
    turn = math.radians(degrees)
    wide = abs(page.width * math.cos(turn)) + abs(page.height * math.sin(turn))
    high = abs(page.width * math.sin(turn)) + abs(page.height * math.cos(turn))
    share *= min(1.0, 0.97 * WIDTH / wide, 0.97 * HEIGHT / high)
    sides = (round(page.width * share), round(page.height * share))
    paper = page.resize(sides, Image.Resampling.LANCZOS).convert("RGBA")
    paper = paper.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    scene = Image.effect_noise((WIDTH // 8, HEIGHT // 8), 60).resize((WIDTH, HEIGHT)).convert("RGB")
    scene = Image.blend(scene, Image.new("RGB", scene.size, (150, 118, 84)), 0.75)
    spare = (WIDTH - paper.width, HEIGHT - paper.height)
    scene.paste(paper, (int(spare[0] * rng.uniform(0.3, 0.7)), int(spare[1] * rng.uniform(0.3, 0.7))), paper)
    soft = {"soft": 1.6, "dim": 1.0}.get(damage, 0.7)
    scene = scene.filter(ImageFilter.GaussianBlur(soft))
    if damage == "dim":
        scene = _dim(scene, rng)
    held = BytesIO()
    scene.save(held, "JPEG", quality=45 if damage == "soft" else 80)
    return Image.open(held).convert("RGB")


def _curved(page: Image.Image) -> Image.Image:
    """Round a tube or a bag: columns are nearer together at the right, and sink by a little."""
    pixels, wide = np.asarray(page), page.width
    at = np.sin(np.linspace(-0.25, 0.95, wide)) - math.sin(-0.25)
    columns = np.clip(at / at[-1] * (wide - 1), 0, wide - 1).round().astype(int)
    sunk = np.round(0.03 * wide * np.linspace(-1, 1, wide) ** 2).astype(int)
    rows = (np.arange(page.height + sunk.max())[:, None] - sunk[None]).clip(-1, page.height)
    inside = (rows >= 0) & (rows < page.height)
    curved: U8 = np.where(
        inside[..., None], pixels[rows.clip(0, page.height - 1), columns[None]], np.uint8(245)
    ).astype(np.uint8)
    return Image.fromarray(curved)


def _dim(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light from one corner, little contrast, a sensor's noise."""
    x, y = np.meshgrid(np.linspace(0, 1, scene.width), np.linspace(0, 1, scene.height))
    light = 0.28 + 0.5 * (x + y) / 2
    pixels = 40 + (np.asarray(scene, np.float32) * 0.55) * light[..., None]
    dark: U8 = np.clip(pixels + rng.normal(0, 5, pixels.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(dark)


def numbers_of(labels: list[Label]) -> Iterator[tuple[str, str]]:
    """All numbers that stand on labels, each with its kind."""
    for one in labels:
        yield from dict.fromkeys((*one.printed, *one.barred))
