"""The command line as its contract has it, on a small shop and with the real models."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.channels.tokens import verify
from tests.conftest import ROOT

Done = subprocess.CompletedProcess[str]

PRODUCTS = [
    ["id", "title", "title[zh]", "title[ru]", "description", "price", "availability", "gtin", "color"],
    ["MUG-1", "Blue enamel mug 350 ml", "蓝色搪瓷杯 350毫升", "Синяя эмалированная кружка 350 мл",
     "Dishwasher safe, 120 g.", "12.50 EUR", "in_stock", "4006381333931", "blue"],
    ["LMP-2", "Brass reading lamp", "黄铜阅读灯", "Латунная лампа", "40 cm high.", "not a price", "in_stock", "", ""],
    ["SCF-3", "Merino scarf", "美利奴围巾", "Шарф из мериноса", "Hand wash.", "39.00 EUR", "out_of_stock", "", "red"],
    ["TNT-4", "Tent for two", "双人帐篷", "Двухместная палатка", "2.1 kg.", "180.00 EUR", "in_stock", "", "green"],
]  # fmt: skip
ORDERS = """\
order_id,customer_id,email,placed_at,currency,sku,quantity,unit_price,status,shipment_id
Q-1001,c-1,a@example.org,2026-11-01T10:00:00+01:00,EUR,MUG-1,2,12.50,shipped,S-1
Q-1002,c-2,b@example.org,2026-11-02T10:00:00+01:00,EUR,SCF-3,none,39.00,shipped,
"""
SHIPMENTS = """\
shipment_id,carrier,tracking_number,origin_country,destination_country,promised_at,event_time,event_status,event_location,event_text
S-1,DHL,RR123456785DE,DE,FR,2026-11-08T20:00:00+01:00,2026-11-04T08:00:00+01:00,InTransit,Strasbourg,Departed hub
S-2,DHL,RR123456799DE,DE,FR,2026-11-08T20:00:00+01:00,2026-11-04 08:00,InTransit,Strasbourg,Departed hub
"""
DUTIES = """\
country,valid_from,valid_to,de_minimis_amount,currency,vat_percent,duty_rule,source
FR,2026-07-01,,0,EUR,20,3 EUR per tariff item up to 150 EUR,EU customs reform 2026
XY,2026-07-01,,0,EUR,20,none,nowhere
"""
NO_ID = "---\nlanguage: en\n---\n# Sizes\n\nThere is no id above.\n"
RETURNS = "---\nid: returns\nlanguage: en\ntopic: returns\n---\n# Returns\n\nYou can return anything within 21 days.\n"
REPLY = {
    "text", "language", "intent", "claims", "citations", "products", "cards", "suggestions", "handoff", "needs",
    "confidence", "heard", "seen", "timings_ms",
}  # fmt: skip


def tsv(rows: list[list[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def run(*arguments: object, **environ: str) -> Done:
    """The command line in a process of its own. It never shows a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "BABELDESK_THREADS": "2", **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done


def refusal(done: Done) -> str:
    """The one line that says why nothing was done."""
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


class Shop:
    """A shop of its own, and what its imports said."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.files = folder
        (folder / "articles").mkdir()
        (folder / "articles" / "returns.en.md").write_text(RETURNS, encoding="utf-8")
        (folder / "articles" / "sizes.en.md").write_text(NO_ID, encoding="utf-8")
        for name, text in (
            ("products.tsv", tsv(PRODUCTS)), ("orders.csv", ORDERS), ("shipments.csv", SHIPMENTS),
            ("duties.csv", DUTIES),
        ):  # fmt: skip
            (folder / name).write_text(text, encoding="utf-8")
        self.first = self.bring_in()
        self.again = self.bring_in()

    def bring_in(self) -> Done:
        feeds = {name: self.files / f"{name}.csv" for name in ("orders", "shipments", "duties")}
        feeds |= {"products": self.files / "products.tsv", "articles": self.files / "articles"}
        return run("import", "--data", self.data, *(part for n, f in feeds.items() for part in (f"--{n}", f)))

    def batch(self, verb: str, lines: list[Any], *options: object) -> list[dict[str, Any]]:
        file = self.files / "batch.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        done = run(verb, "--data", self.data, "--batch", file, *options)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


ORDER = "Where is my order Q-1001?"
TURNS: dict[str, Any] = {
    "own order": {"text": ORDER, "customer": "c-1", "whatever": {"is": "ignored"}},
    "zh": {"text": "有蓝色的杯子吗？"},
    "no JSON": "{text: nope",
    "no object": "[1, 2]",
    "ar": {"text": "أين طلبي رقم Q-1001؟", "customer": "c-1"},
    "no file": {"speech": "/no/such/note.wav"},
    "ru": {"text": "Сколько стоит синяя кружка?"},
    "nothing": {},
    "wrong kind": {"text": 7},
    "stranger": {"text": ORDER},
    "another customer": {"text": ORDER, "customer": "c-2"},
    "no such order": {"text": "Where is my order Q-7777?"},
    "begins": {"text": "Do you have the enamel mug?", "conversation": "one"},
    "elsewhere": {"text": "Do you have a scarf?", "conversation": "two"},
    "goes on": {"text": "How much is it?", "conversation": "one"},
    "told language": {"text": "MUG-1", "language": "es"},
}


@pytest.fixture(scope="module")
def answers(shop: Shop) -> dict[str, dict[str, Any]]:
    replies = shop.batch("ask", list(TURNS.values()))
    assert len(replies) == len(TURNS)
    return dict(zip(TURNS, replies, strict=True))


def test_an_import_says_what_it_took_and_names_what_it_refused(shop: Shop) -> None:
    assert shop.first.returncode == 0, shop.first.stderr
    lines = shop.first.stdout.splitlines()
    taken = {"products": 3, "orders": 1, "shipments": 1, "articles": 1, "duties": 1}
    assert lines[: len(taken)] == [
        f"{kind}: {count} added, 0 updated, 0 unchanged, 0 retired" for kind, count in taken.items()
    ]
    refused = lines[len(taken) :]
    assert [line.split(": ")[:3] for line in refused] == [
        ["refused", "products.tsv:3", "price"],
        ["refused", "orders.csv:3", "quantity"],
        ["refused", "shipments.csv:3", "event_time"],
        ["refused", "sizes.en.md:1", "id"],
        ["refused", "duties.csv:3", "country"],
    ]
    assert "'not a price'" in refused[0]


def test_the_same_files_again_change_nothing(shop: Shop) -> None:
    assert shop.again.returncode == 0, shop.again.stderr
    counts = [line for line in shop.again.stdout.splitlines() if not line.startswith("refused")]
    assert len(counts) == 5
    assert all(" 0 added, 0 updated, " in line and line.endswith(" 0 retired") for line in counts)


def test_replies_have_the_contracts_keys(answers: dict[str, dict[str, Any]]) -> None:
    for name in ("own order", "zh", "ar", "ru", "stranger", "goes on"):
        assert set(answers[name]) == REPLY, name
        assert all({"id", "kind", "title", "quote", "url"} == set(cited) for cited in answers[name]["citations"])
        cited = {citation["id"] for citation in answers[name]["citations"]}
        assert all(set(claim["evidence"]) <= cited and claim["evidence"] for claim in answers[name]["claims"]), name


def test_bad_lines_are_errors_in_their_places(answers: dict[str, dict[str, Any]]) -> None:
    bad = {name for name, answer in answers.items() if "error" in answer}
    assert bad == {"no JSON", "no object", "no file", "nothing", "wrong kind"}
    for name in bad:
        assert set(answers[name]) == {"error"}
        assert answers[name]["error"]["code"] == "bad_input"
        assert answers[name]["error"]["message"]
    assert "/no/such/note.wav" in answers["no file"]["error"]["message"]


@pytest.mark.parametrize("name", ["own order", "ar"])
def test_an_owner_is_told_of_the_order(answers: dict[str, dict[str, Any]], name: str) -> None:
    reply = answers[name]
    assert (reply["language"], reply["intent"]) == ("ar" if name == "ar" else "en", "track_order")
    assert {"Q-1001", "S-1"} <= {citation["id"] for citation in reply["citations"]}
    assert "RR123456785DE" in reply["text"]
    assert reply["needs"] is None


def test_nobody_else_learns_whether_there_is_such_an_order(answers: dict[str, dict[str, Any]]) -> None:
    told = []
    for name in ("stranger", "another customer", "no such order"):
        assert answers[name]["needs"] == {"what": "proof"}, name
        assert answers[name]["citations"] == []
        told.append(answers[name]["text"].replace("Q-7777", "Q-1001"))
    assert len(set(told)) == 1


def test_questions_in_chinese_and_russian(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["zh"]["language"] == "zh"
    assert answers["zh"]["products"] == ["MUG-1"]
    assert "蓝色搪瓷杯" in answers["zh"]["text"]
    (card,) = answers["zh"]["cards"]
    assert (card["sku"], card["price"], card["currency"], card["availability"]) == ("MUG-1", "12.50", "EUR", "in_stock")
    assert answers["ru"]["language"] == "ru"
    assert "12,50" in answers["ru"]["text"]
    assert "MUG-1" in {citation["id"] for citation in answers["ru"]["citations"]}


def test_lines_of_one_conversation_follow_each_other(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["elsewhere"]["products"] == ["SCF-3"]
    assert answers["goes on"]["products"] == ["MUG-1"]
    assert "12.50" in answers["goes on"]["text"]
    assert "39" not in answers["goes on"]["text"]


def test_a_given_language_counts_where_the_message_says_nothing(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["told language"]["language"] == "es"


def test_one_question_as_text_and_as_json(shop: Shop) -> None:
    question = ("ask", "--data", shop.data, "--customer", "c-1", ORDER)
    spoken, structured = run(*question), run(*question, "--json")
    assert spoken.returncode == structured.returncode == 0
    (line,) = structured.stdout.splitlines()
    reply = json.loads(line)
    assert set(reply) == REPLY
    assert spoken.stdout.startswith(reply["text"])
    assert "Q-1001" in spoken.stdout


def test_search_says_what_was_found_and_why(shop: Shop) -> None:
    queries = [
        {"text": "blue mug"},
        {"text": "围巾"},
        {"text": "4006381333931"},
        "nope",
        {"text": "есть ли у вас шарф?"},
    ]
    found = shop.batch("search", queries, "--top", 2)
    assert "error" in found.pop(3)
    for answer in found:
        assert set(answer) == {"hits"}
        assert 0 < len(answer["hits"]) <= 2
        for hit in answer["hits"]:
            assert set(hit) == {"record", "kind", "title", "score", "source"}
            assert set(hit["source"]) == {"dense", "lexical", "photo", "identifier"}
        scores = [hit["score"] for hit in answer["hits"]]
        assert scores == sorted(scores, reverse=True)
        records = [hit["record"] for hit in answer["hits"]]
        assert len(set(records)) == len(records)
    first = [answer["hits"][0] for answer in found]
    assert [hit["record"] for hit in first] == ["MUG-1", "SCF-3", "MUG-1", "SCF-3"]
    assert first[2]["source"]["identifier"]
    assert first[0]["source"]["identifier"] is None


def test_what_left_the_feeds_is_retired_and_found_no_more(shop: Shop, tmp_path: Path) -> None:
    later = tmp_path / "products.tsv"
    later.write_text(tsv(PRODUCTS[:-1]).replace("12.50", "13.00"), encoding="utf-8")
    done = run("import", "--data", shop.data, "--products", later)
    assert done.stdout.splitlines()[0] == "products: 0 added, 1 updated, 1 unchanged, 1 retired"
    found = run("search", "--data", shop.data, "--json", "tent for two")
    assert "TNT-4" not in found.stdout
    assert "MUG-1" in found.stdout


def test_a_token_proves_its_customer(shop: Shop) -> None:
    done = run("token", "--data", shop.data, "--customer", "客户-7")
    assert done.returncode == 0
    (token,) = done.stdout.split()
    secret = shop.data / "secret"
    assert verify(token, secret.read_text().strip()) == "客户-7"
    assert secret.stat().st_mode & 0o077 == 0
    assert verify(token, "another secret, as long as it has to be") is None


def test_models_are_listed_with_their_hashes() -> None:
    done = run("models")
    assert done.returncode == 0
    listed = [line.split() for line in done.stdout.splitlines()]
    assert len(listed) == 7
    for name, _, _, digest, file in listed:
        assert len(digest) == 64, name
        if name == "silero-vad":
            assert hashlib.sha256(Path(file).read_bytes()).hexdigest() == digest
    assert run("models", "--quiet").stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["ask", "--no-such-option"],
        ["token"],
        ["search", "--top", "none", "mug"],
        ["search", "--top", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage:" in done.stderr


def test_what_can_not_be_done_is_one_line(shop: Shop, tmp_path: Path) -> None:
    assert "import" in refusal(run("ask", "--data", tmp_path / "empty", "hello"))
    assert "no-such.tsv" in refusal(run("import", "--data", shop.data, "--products", tmp_path / "no-such.tsv"))
    assert "BABELDESK_PORT" in refusal(run("token", "--customer", "c-1", BABELDESK_PORT="eight"))
    assert "too short" in refusal(run("token", "--data", tmp_path, "--customer", "c-1", BABELDESK_SECRET="short"))
    assert "note.wav" in refusal(run("ask", "--data", shop.data, "--speech", tmp_path / "note.wav"))
