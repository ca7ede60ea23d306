"""Importances of made-up rows."""

from salience.core.place import Heat, Span, Unit


def heats(text, scores, column="text"):
    """One unit per word of a text, or per given word: `heats("a fine film", [0.1, 0.7, 0.2])`."""
    found, start = [], 0
    for word, score in zip(text.split(), scores, strict=True):
        place = Span(text.index(word, start), text.index(word, start) + len(word))
        found.append(Heat(Unit(column, word, place), score))
        start = place.stop
    return found


def cut(text, spans, scores, column="text"):
    """Units that lie where they are told to."""
    return [
        Heat(Unit(column, text[start:stop], Span(start, stop)), score)
        for (start, stop), score in zip(spans, scores, strict=True)
    ]
