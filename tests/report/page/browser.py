# SPDX-License-Identifier: MIT
"""Chromium without a window, as the tests of the page use it: what it shows, what it says, what it asks for."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

WAIT_S = 60  # bound of every wait; a loaded machine takes long to start a browser or to compile a megabyte of script
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)


def program(name: str) -> str:
    """Where a program is; without it these tests fail, they are not left out."""
    found = shutil.which(name)
    if not found:
        pytest.fail(f'no "{name}" here: the page is tested in a browser; `apt-get install chromium chromium-driver`')
    return found


class Browser:
    """One window.  `open` starts each test with a page as new: no state is left from the one before."""

    def __init__(self, home: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = program("chromium")
        for option in (*OPTIONS, f"--user-data-dir={home / 'profile'}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.service = webdriver.ChromeService(program("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=self.service)
        self.driver.set_script_timeout(WAIT_S)

    def end(self) -> None:
        try:
            self.driver.quit()
        finally:
            self.service.stop()

    def open(self, path: Path, *, theme: str = "light", width: int = 1280, scripts: bool = True) -> None:
        """Load a file as from a disk or a mail, and wait until it is ready."""
        self.theme(theme)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.driver.get("about:blank")
        self.cdp("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.said(), self.requests()  # forget what was before
        self.driver.get(path.as_uri())
        if scripts:
            self.until("return document.querySelector('#filters label') !== null", "the page's scripts did not end")

    def unfold(self) -> None:
        """Open every view and every table in it."""
        self.run("document.querySelectorAll('.view, details.block').forEach((each) => { each.open = true; })")

    def theme(self, name: str, media: str = "") -> None:
        """ "light" or "dark", on the screen or as `media`."""
        self.cdp("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": name}])

    def cdp(self, command: str, **parameters: Any) -> dict[str, Any]:
        """A command of the developer tools."""
        found: dict[str, Any] = self.driver.execute_cdp_cmd(command, parameters)
        return found

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str, otherwise: str, *arguments: Any) -> Any:
        """What a script returns once that is true."""
        end = time.monotonic() + WAIT_S
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < end, f"{otherwise} (waited {WAIT_S} s); the console says: {self.said()}"
            time.sleep(0.05)
        return found

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        (found,) = self.all(selector)
        return found

    def said(self) -> list[str]:
        """What the console got since it was last asked: errors, warnings, refused requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses of all that was asked for since this was last asked."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def drawn(self, view: str) -> WebElement:
        """The figure of a view, brought into sight, once its chart is drawn."""
        self.unfold()
        figure = self.one(f"[data-view={view}] figure.live")
        self.run("arguments[0].scrollIntoView()", figure)
        self.until(
            "return arguments[0].querySelector('.canvas svg [aria-roledescription]') !== null",
            f'the chart "{view}" was not drawn',
            figure,
        )
        return figure
