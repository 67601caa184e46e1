"""A head over photo features, on made-up products whose photos are shifted and disturbed copies of their pictures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from bot.fusion.features import F32, I64, unit
from bot.fusion.photo_head import PhotoHead, fit, untaught

PRODUCTS, WIDE, EACH = 24, 48, 12


@dataclass(frozen=True)
class Shop:
    pictures: F32
    copies: F32
    photos: F32
    item: I64
    names: tuple[str, ...]


def shop(seed: int = 0) -> Shop:
    """Photos stand apart from pictures, and are disturbed mostly along six directions, which copies are not."""
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(PRODUCTS, WIDE))
    apart, disturbing = 3 * rng.normal(size=WIDE), rng.normal(size=(6, WIDE))
    item = np.repeat(np.arange(PRODUCTS), EACH)
    photos = known[item] + apart + 1.5 * rng.normal(size=(len(item), 6)) @ disturbing
    photos += 2.0 * rng.normal(size=(PRODUCTS, WIDE))[item]  # what a product's picture does not show of it
    copies = known[:, None] + 0.6 * apart + rng.normal(size=(PRODUCTS, 4, WIDE))
    shown, altered, taken = (unit(kind.astype(np.float32)) for kind in (known, copies, photos))
    return Shop(shown, altered, taken, item, tuple(f"p{number}" for number in range(PRODUCTS)))


def first(head: PhotoHead, given: Shop, asked: np.ndarray, names: tuple[str, ...] = ()) -> float:
    shown = head.pictures(given.pictures, given.copies, names)
    return float(((head.photos(given.photos[asked]) @ shown.T).argmax(1) == given.item[asked]).mean())


def test_what_a_shop_has_without_photos_beats_comparing_as_it_is() -> None:
    plain, alone, helped = [], [], []
    for seed in range(4):
        given, everything = shop(seed), np.arange(PRODUCTS * EACH)
        plain.append(float(((given.photos @ given.pictures.T).argmax(1) == given.item).mean()))
        alone.append(first(untaught(given.pictures, given.copies), given, everything))
        helped.append(first(untaught(given.pictures, given.copies, given.photos[::9]), given, everything))
    assert np.mean(alone) > np.mean(plain) + 0.03
    assert np.mean(helped) > np.mean(plain) + 0.05


def test_photos_of_some_products_help_to_find_those_and_the_others() -> None:
    given = shop()
    new = np.flatnonzero(given.item % 4 == 0)
    known = np.flatnonzero(given.item % 4)
    asks, teaches = known[::3], np.setdiff1d(known, known[::3])
    head = fit(given.photos[teaches], given.item[teaches], given.pictures, given.copies, given.names, width=24)
    before = untaught(given.pictures, given.copies, given.photos[teaches])
    assert first(head, given, asks, given.names) > first(before, given, asks) + 0.1
    assert first(head, given, new, given.names) > first(before, given, new) + 0.1


def test_without_a_handicap_new_products_are_drowned() -> None:
    gains = []
    for seed in range(4):
        given = shop(seed)
        taught, new = np.flatnonzero(given.item % 4), np.flatnonzero(given.item % 4 == 0)
        head = fit(given.photos[taught], given.item[taught], given.pictures, given.copies, given.names)
        bare = replace(head, handicap=0.0)
        gains.append(first(head, given, new, given.names) - first(bare, given, new, given.names))
    assert np.mean(gains) > 0.04


def test_the_metric_is_the_shrunk_inverse_of_the_spread_within_products() -> None:
    """Against numpy's own covariance: between photos of one product, all of the same count, and between copies."""
    given = shop()
    head = fit(given.photos, given.item, given.pictures, given.copies, given.names, width=WIDE)
    mean = given.photos.mean(0)
    seen, altered = unit(given.photos - mean), unit(given.copies - given.copies.mean((0, 1)))
    within = sum(np.cov(seen[given.item == number].T, bias=True) for number in range(PRODUCTS)) / PRODUCTS
    within += sum(np.cov(of_one.T, bias=True) for of_one in altered) / PRODUCTS
    within /= np.trace(within) / WIDE
    assert head.metric is not None
    np.testing.assert_allclose(head.metric @ head.metric.T, np.linalg.inv(within + np.eye(WIDE)), atol=1e-4)


@pytest.mark.parametrize("taught", [False, True])
def test_a_head_is_the_same_once_saved_and_loaded(tmp_path: Path, taught: bool) -> None:
    given = shop()
    head = untaught(given.pictures, given.copies)
    if taught:
        head = fit(given.photos, given.item, given.pictures, given.copies, given.names, width=20)
    head.save(tmp_path / "head.npz")
    again = PhotoHead.load(tmp_path / "head.npz")
    assert again.taught == head.taught
    for one, other in (
        (head.photos(given.photos), again.photos(given.photos)),
        (head.pictures(given.pictures, given.copies, given.names),
         again.pictures(given.pictures, given.copies, given.names)),
    ):  # fmt: skip
        np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(one, other, atol=5e-3)  # half precision


def test_few_photos_and_none() -> None:
    given = shop()
    head = fit(given.photos[:2], given.item[:2], given.pictures, given.copies, given.names)
    assert head.handicap == 0
    assert np.isfinite(head.photos(given.photos)).all()
    assert head.photos(given.photos[:0]).shape == (0, WIDE + 1)
    bare = untaught(given.pictures, given.copies).pictures(given.pictures, given.copies[:, :0])
    assert np.isfinite(bare).all()


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    given = shop()
    with pytest.raises(ValueError, match="no photos"):
        fit(given.photos[:0], given.item[:0], given.pictures, given.copies, given.names)
    with pytest.raises(ValueError, match="not there"):
        fit(given.photos, given.item + 1, given.pictures, given.copies, given.names)
    with pytest.raises(ValueError, match="belong together"):
        fit(given.photos, given.item, given.pictures, given.copies, given.names[:-1])
    with pytest.raises(ValueError, match="do not fit"):
        untaught(given.pictures, given.copies).pictures(given.pictures[:3], given.copies)
    (tmp_path / "other.npz").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="holds no photo head"):
        PhotoHead.load(tmp_path / "other.npz")
    np.savez(tmp_path / "other.npz", photo_mean=np.zeros(3))
    with pytest.raises(ValueError, match="holds no photo head"):
        PhotoHead.load(tmp_path / "other.npz")
