"""Every sentence a person can read, from `bot/locales/*.ftl` (Project Fluent)."""

from functools import lru_cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from fluent.runtime import FluentBundle, FluentResource

_DEFAULT = "en"


class Html(str):
    """Text that is Telegram's HTML already, and so stays as it is."""

    __slots__ = ()


class Texts:
    """Texts of one language; what it lacks is said in English."""

    def __init__(self, bundles: list[FluentBundle]) -> None:
        self._bundles = bundles

    def __call__(self, key: str, /, **values: str | float) -> str:
        """One sentence, its values escaped for HTML.

        Args:
            key: The message's name.
            **values: What its placeholders stand for.

        Raises:
            KeyError: no language has such a message.
        """
        safe = {k: _escaped(v) for k, v in values.items()}
        return self._format(key, safe)

    def plain(self, key: str, /, **values: str | float) -> str:
        """One sentence for where no HTML is read: a button, a toast, a title."""
        return self._format(key, values)

    def _format(self, key: str, values: dict[str, str | float]) -> str:
        values = {k: _selected(v) for k, v in values.items()}
        for bundle in self._bundles:
            if bundle.has_message(key):
                pattern = bundle.get_message(key).value
                text, errors = bundle.format_pattern(pattern, values) if pattern else ("", [key])
                if errors:
                    raise KeyError(key, errors)
                return str(text)
        raise KeyError(key)


def _escaped(value: str | float) -> str | float:
    return escape(value) if isinstance(value, str) and not isinstance(value, Html) else value


def _selected(value: str | float) -> str | float:
    """A value as Fluent can select by it: a truth is "yes" or "no"."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def languages() -> list[str]:
    """The languages that have a file, English first."""
    names = sorted(
        f.name.removesuffix(".ftl") for f in _folder().iterdir() if f.name.endswith("ftl")
    )
    return [_DEFAULT, *(name for name in names if name != _DEFAULT)]


@lru_cache(maxsize=64)
def texts(language: str | None) -> Texts:
    """The texts for a Telegram language code such as "pt-br"; English where there are none."""
    known = languages()
    code = (language or _DEFAULT).lower()
    wanted = next((name for name in (code, code.partition("-")[0]) if name in known), _DEFAULT)
    return Texts([_bundle(name) for name in dict.fromkeys((wanted, _DEFAULT))])


@lru_cache(maxsize=64)
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    source = (_folder() / f"{language}.ftl").read_text(encoding="utf-8")
    bundle.add_resource(FluentResource(source))
    return bundle


def _folder() -> Traversable:
    return files("bot") / "locales"
