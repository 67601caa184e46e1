"""What holds of every fusion method: it is asked of each in that method's own test."""

from types import ModuleType

import numpy as np
import pytest
import torch

from tests.fusion.generated import hits, lessons


def behaves(method: ModuleType, **options: int) -> None:
    """Queries never seen find their items, also with a part missing; the seed decides; a checkpoint gives the same."""
    taught, asked = lessons(1000, 2), lessons(400, 3)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    found = method.fit(taught, 7, **options)
    assert torch.equal(before, torch.random.get_rng_state()) and threads == torch.get_num_threads()

    items = found.encode(asked.item_text, asked.item_photo)
    ways = {"both": (asked.text, asked.photo), "text": (asked.text, None), "photo": (None, asked.photo)}
    vectors = {name: found.encode(*parts) for name, parts in ways.items()}
    reached = {name: hits(rows, items, asked.item) for name, rows in vectors.items()}
    assert reached["both"] > max(reached["text"], reached["photo"]) + 0.03, reached
    assert reached["both"] > 0.5 and min(reached["text"], reached["photo"]) > 0.2, reached
    for rows in (items, *vectors.values()):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)

    torch.manual_seed(99)  # what torch's own generator stands at must not matter
    arrays, twice = found.arrays(), method.fit(taught, 7, **options).arrays()
    assert all(array.dtype == np.float32 for array in arrays.values())
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, twice[name])
    again = method.from_arrays(arrays)
    for name, parts in ways.items():
        np.testing.assert_array_equal(again.encode(*parts), vectors[name])

    with pytest.raises(ValueError, match="neither"):
        found.encode(None, None)
    for name in arrays:
        with pytest.raises(ValueError):
            method.from_arrays({other: array for other, array in arrays.items() if other != name})
        with pytest.raises(ValueError):
            method.from_arrays({**arrays, name: arrays[name][:-1]})
