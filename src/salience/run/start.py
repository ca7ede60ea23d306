"""Start training from a finished run: its inputs, task and model, its words and labels, and its weights."""

from __future__ import annotations

import dataclasses

from salience.core.errors import ConfigError
from salience.pipeline import Pipeline
from salience.run.folder import RunFolder
from salience.run.settings import Settings, saved_settings

#: What a trained model cannot have in another way.
_FIXED = ("inputs", "task", "model")


def continued(settings: Settings) -> Settings:
    """The settings with what the run they start from decides; settings that start from none as they are.

    Raises:
        ModelFolderError: there is no such run, or it is not complete.
        ConfigError: inputs, task or model are given, and other than those of the run.
    """
    if settings.start is None:
        return settings
    before = saved_settings(RunFolder.open(settings.start).path)
    for name in _FIXED:
        given = getattr(settings, name)
        if given and given != getattr(before, name):
            raise ConfigError(
                f"a run starts with the {name} of the run it starts from, and others are given",
                where=f"start: {settings.start}",
                fix=f"leave {name} out, or leave start out",
            )
    own = {name: getattr(before, name) for name in _FIXED}
    return dataclasses.replace(settings, **own, target=settings.target or before.target)


def started(settings: Settings) -> Pipeline:
    """The trained pipeline that the settings start from.

    Raises:
        ConfigError: it is not as many models as the settings ask for.
    """
    assert settings.start is not None
    # Whether foreign classes may be imported has been decided further up.
    pipeline = Pipeline.load(RunFolder.open(settings.start).model, allow_foreign=True)
    count = len(pipeline.members) or 1
    if count != settings.seeds:
        raise ConfigError(
            f"the run holds {count} {'models' if count > 1 else 'model'}, and seeds is {settings.seeds}",
            where=f"start: {settings.start}",
            fix=f"set seeds to {count}",
        )
    return pipeline
