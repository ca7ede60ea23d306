"""Which calls of attention are recorded, and what each is called: layer, kind and step.

Legend: T queries, S sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from salience.core.errors import ConfigError, NotAvailable, did_you_mean
from salience.recorder.call import Call, Kind, Place

KINDS = ("self", "encoder", "decoder", "cross")


class Selection:
    """The layers, heads and kind that were chosen, and a count of what ran."""

    def __init__(self, *, layers: Sequence[int | str] | None, heads: Sequence[int] | None, kind: str | None) -> None:
        check_choice("kind", kind, (None, *KINDS))
        numbers = [each for each in layers or () if isinstance(each, int)]
        for each in (*numbers, *(heads or ())):
            if each < 0:
                raise ConfigError(f"expected a number from 0, got {each}", where="layers and heads", fix="count from 0")
        self.heads = None if heads is None else list(heads)
        self._layers = None if layers is None else tuple(layers)
        self._kind = kind
        self.restart()

    def restart(self) -> None:
        """Count from nothing."""
        self._step = 0
        self._entered = self._running = False
        self._counted: Counter[Kind] = Counter()
        self._met: dict[str, Place] = {}
        #: All calls of the last step, recorded or not.
        self.ran: list[Place] = []
        self._chosen: set[int | str] = set()

    def enter(self) -> None:
        """The whole model begins a forward pass."""
        if self._entered:
            self._next()
        self._entered = self._running = True

    def leave(self) -> None:
        """The whole model ends a forward pass."""
        self._running = False

    def place(self, name: str, kind: Kind) -> Place | None:
        """Where a call belongs, or None where it was not chosen."""
        # An encoder that runs on its own, as before a generation, opens the step of the forward pass that follows.
        if self._entered and not self._running:
            self._next()
        number = self._counted[kind]
        self._counted[kind] += 1
        place = Place(name, kind, self._step)
        self._met[name] = place
        self.ran.append(place)
        if self._kind is not None and not _is(self._kind, kind):
            return None
        if self._layers is None:
            return place
        fits = {each for each in self._layers if each == number or (isinstance(each, str) and below(name, each))}
        self._chosen |= fits
        return place if fits else None

    def narrowed(self, call: Call, name: str) -> Call:
        """The call of the chosen heads; keys and values are given to each head of its own.

        The output stays whole: gradients lead to that of all heads at once.
        """
        if self.heads is None:
            return call
        problem = call.problem
        if max(self.heads, default=0) >= problem.shape[1]:
            raise ConfigError(
                f"there is no head {max(self.heads)} among {problem.shape[1]}", where=name, fix="count heads from 0"
            )
        owners = [each // problem.share for each in self.heads]
        bias = problem.bias if problem.bias is None or problem.bias.shape[1] == 1 else problem.bias[:, self.heads]
        query, key = problem.query[:, self.heads], problem.key[:, owners]
        return replace(
            call,
            problem=replace(problem, query=query, key=key, bias=bias),
            value=call.value[:, owners],
            lse=None if call.lse is None else call.lse[:, self.heads],
        )

    def check(self, model: str) -> None:
        """Raise unless something was recorded, in every layer that was named."""
        missed = [each for each in self._layers or () if each not in self._chosen]
        if not self._met:
            raise NotAvailable(
                "no call of attention was recorded",
                where=model,
                fix="run the model inside the `with` block; if you did, its attention does not call "
                "`torch.nn.functional.scaled_dot_product_attention`",
            )
        if missed:
            raise NotAvailable(
                f"no layer {', '.join(map(repr, missed))} ran" + (f" of kind {self._kind!r}" if self._kind else ""),
                where=model,
                fix=f"{did_you_mean(str(missed[-1]), self._met)}; numbers count the layers of one kind from 0",
            )
        if self._kind is not None and not any(_is(self._kind, each.kind) for each in self._met.values()):
            kinds = sorted({each.kind for each in self._met.values()})
            raise NotAvailable(
                f"no attention of kind {self._kind!r} ran", where=model, fix=f"this model has: {', '.join(kinds)}"
            )

    def _next(self) -> None:
        self._step += 1
        self._entered = False
        self._counted.clear()
        self.ran.clear()


def check_choice(option: str, value: object, known: tuple) -> None:
    """Raise unless an option has one of its values."""
    if value not in known:
        names = [each for each in known if each is not None]
        raise ConfigError(f"there is no {value!r}", where=option, fix=did_you_mean(str(value), names))


def below(name: str, path: str) -> bool:
    """Is a module the one at `path`, or within it? Everything is within the empty path."""
    return not path or name == path or name.startswith(path + ".")


def _is(chosen: str, kind: Kind) -> bool:
    return chosen == kind or (chosen == "self" and kind != "cross")
