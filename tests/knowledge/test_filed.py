"""Records in a file: what was filed is read again by number and by name."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.filed import Filed, Filing


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=40)), max_size=30))
def test_what_is_filed_is_found_by_number_and_name(records: list[tuple[str, str]]) -> None:
    records = [
        (name.encode("utf-8", "replace").decode(), text.encode("utf-8", "replace").decode()) for name, text in records
    ]
    with tempfile.TemporaryDirectory() as folder:
        with Filing[str](Path(folder) / "some") as filing:
            assert [filing.add(name, text) for name, text in records] == list(range(len(records)))
        filed = Filed(Path(folder) / "some", str)
    assert list(filed) == [text for _, text in records], "the files may be removed while they are open"
    for name, _ in records:
        assert filed.numbers(name) == [number for number, (other, _) in enumerate(records) if other == name]
    assert filed.numbers("a name that is too long to be there") == []


def test_what_was_not_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MemoryError), Filing[str](tmp_path / "some") as filing:
        filing.add("杯子", "كوب")
        raise MemoryError
    with pytest.raises(FileNotFoundError):
        Filed(tmp_path / "some", str)
