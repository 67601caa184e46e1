"""Customer tokens: what a shop's back end signs is believed, and nothing else."""

import base64
import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from bot.channels.tokens import secret_of, sign, verify
from bot.errors import NotReady
from bot.settings import Settings

SECRET = "a secret that is long enough to be one, 32 bytes"
NOW = int(time.time())
GOOD = {"aud": "babeldesk", "sub": "c-1", "iat": NOW, "exp": NOW + 6 * 3600}  # the whole suite runs between


@pytest.mark.parametrize("customer", ["c-1", "客户 7", "عميل"])
def test_a_signed_token_names_its_customer(customer: str) -> None:
    assert verify(sign(customer, SECRET), SECRET) == customer


def test_a_token_of_another_program_is_taken() -> None:
    assert verify(jwt.encode(GOOD, SECRET, algorithm="HS256"), SECRET) == "c-1"


@pytest.mark.parametrize("change", [{"aud": "shop"}, {"exp": NOW - 3600}, {"sub": ""}, {"iat": NOW + 24 * 3600}])
def test_a_wrong_claim_proves_nothing(change: dict[str, object]) -> None:
    assert verify(jwt.encode({**GOOD, **change}, SECRET, algorithm="HS256"), SECRET) is None


@pytest.mark.parametrize("missing", ["aud", "sub", "iat", "exp"])
def test_a_missing_claim_proves_nothing(missing: str) -> None:
    claims = {name: value for name, value in GOOD.items() if name != missing}
    assert verify(jwt.encode(claims, SECRET, algorithm="HS256"), SECRET) is None


def test_forgeries_prove_nothing() -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(GOOD)}."
    header, body, signature = sign("c-1", SECRET).split(".")
    swapped = f"{header}.{part({**GOOD, 'sub': 'c-2'})}.{signature}"
    for token in (unsigned, swapped, sign("c-1", SECRET[::-1]), f"{header}.{body}.", "", "x", "\ud800", "a" * 100_000):
        assert verify(token, SECRET) is None


def test_a_customer_without_a_name_gets_no_token() -> None:
    with pytest.raises(ValueError):
        sign("", SECRET)


def test_the_secret_is_made_once_and_only_for_us(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: secret_of(tmp_path / "data", Settings()), range(8)))
    assert len(secrets) == 1
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]


def test_the_setting_comes_first_and_must_be_long(tmp_path: Path) -> None:
    assert secret_of(tmp_path, Settings(secret=SECRET)) == SECRET
    assert not list(tmp_path.iterdir())
    with pytest.raises(NotReady, match="BABELDESK_SECRET"):
        secret_of(tmp_path, Settings(secret="short"))
