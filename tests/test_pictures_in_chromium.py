"""Pictures opened on their own in Chromium: on a light screen and a dark one every letter is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, Screen, screen
from typer.testing import CliRunner

from cnncalc.cli import app

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

PICTURES = [
    "show googlenet", "show style_transfer_vgg19", "show densenet121 --figures shape,macs,params,field --depth 2",
    "show siamese --direction right", "memory unet", "receptive-field vgg16 pool3",
    "sweep mobilenet_v2 width=0.5:1:0.25 --pareto macs,params:max", "fit lenet5 --vary classes --max params=70k",
]  # fmt: skip

CONTRAST = """(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255)
        .map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    const light = (colour) => channels(colour).reduce((sum, n, at) => sum + n * [0.2126, 0.7152, 0.0722][at], 0);
    const page = getComputedStyle(document.documentElement).backgroundColor;
    const under = (text) => {
        const box = text.parentElement.querySelector(':scope > rect');
        return text.parentElement.tagName === 'g' && box ? getComputedStyle(box).fill : page;
    };
    const worst = [...document.querySelectorAll('text')].map((text) => {
        const [a, b] = [light(getComputedStyle(text).fill), light(under(text))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
    return [worst.length, Math.min(...worst), light(page)];
})()"""


@pytest.fixture(scope="module")
def window() -> Iterator[Screen]:
    """One browser for all of them."""
    with screen() as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("command", PICTURES)
def test_every_letter_is_read(command: str, dark: bool, window: Screen, tmp_path: Path) -> None:
    """A contrast of 4.5 as WCAG asks, on what is under it; the page around has the colour of the picture."""
    file = tmp_path / "picture.svg"
    done = CliRunner().invoke(app, [*command.split(), "-o", str(file)], prog_name="cnncalc")
    assert 0 == done.exit_code, done.stderr
    window.open(file, dark=dark)
    letters, worst, page = window.run(CONTRAST)

    assert letters > 4
    assert worst >= 4.5
    assert page < 0.05 if dark else page > 0.9
    assert [] == window.problems
