import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from salience import SalienceClassifier, SalienceRegressor
from salience.core.errors import ConfigError, DataError
from salience.data.synthetic import planted_regression, planted_sentiment
from salience.evaluation.importance import Received

SMALL = {
    "model": {"width": 8, "encoder": "Identity", "dropout": 0.0},
    "text": {"Text": {"min_count": 1}},
    "train": {"epochs": 5, "learning_rate": 0.05, "batch_size": 8, "drop_units": 0.0},
}
FEW = {**SMALL, "train": {**SMALL["train"], "epochs": 1}}


class _Numbers:
    """Writes tables of numbers as texts, because scikit-learn checks estimators on nothing else."""

    def _rows(self, X, *, learning=False):  # noqa: N803
        table = validate_data(self, X, reset=learning)
        texts = [" ".join(f"c{i}v{np.sign(v) * min(9, abs(v * 2)):.0f}" for i, v in enumerate(row)) for row in table]
        return super()._rows(texts, learning=learning)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = True, False, False
        if tags.regressor_tags:
            # The sum of many numbers is more than three epochs find among words.
            tags.regressor_tags.poor_score = True
        return tags


class NumberClassifier(_Numbers, SalienceClassifier):
    pass


class NumberRegressor(_Numbers, SalienceRegressor):
    pass


CHECKED = {**SMALL, "train": {**SMALL["train"], "epochs": 3, "batch_size": 32}}


@pytest.mark.filterwarnings("ignore:A column-vector y was passed:sklearn.exceptions.DataConversionWarning")
@parametrize_with_checks([NumberClassifier(**CHECKED), NumberRegressor(**CHECKED)])
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def sentiment():
    frame = planted_sentiment(rows=173, seed=1)
    return frame["text"].tolist(), frame["label"].tolist()


@pytest.fixture(scope="module")
def fitted(sentiment):
    return SalienceClassifier(**SMALL).fit(*sentiment)


def test_planted_words_are_learned(fitted):
    unseen = planted_sentiment(rows=101, seed=2)
    assert fitted.score(unseen["text"], unseen["label"]) > 0.9


def test_probabilities_sum_to_one_and_the_largest_one_is_predicted(fitted, sentiment):
    probabilities = fitted.predict_proba(sentiment[0])
    assert probabilities.shape == (173, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-12)
    assert (fitted.predict(sentiment[0]) == fitted.classes_[probabilities.argmax(1)]).all()


@pytest.mark.parametrize(
    "labels",
    [np.array([9, 10, 100]), np.array([-1.0, 0.0, 20.0]), np.array(["b", "a", "é"], dtype=object)],
    ids=["integers", "numbers", "texts"],
)
def test_labels_come_back_as_they_were_given_in_the_order_of_classes(labels):
    texts = ["alpha alpha", "beta beta", "gamma gamma"]
    which = np.arange(60) % 3
    made = SalienceClassifier(**{**SMALL, "train": {**SMALL["train"], "epochs": 12}})
    made.fit([texts[i] for i in which], labels[which])
    assert made.classes_.tolist() == sorted(labels)
    assert made.predict(texts).tolist() == labels.tolist()
    assert made.predict(texts).dtype == labels.dtype
    best = made.predict_proba(texts).argmax(1)
    assert made.classes_[best].tolist() == labels.tolist()


def test_booleans_stay_booleans():
    texts, y = ["fine film", "dull film"] * 20, np.array([True, False] * 20)
    answers = SalienceClassifier(**SMALL).fit(texts, y).predict(texts[:2])
    assert answers.dtype == bool
    assert answers.tolist() == [True, False]


def test_a_regressor_predicts_numbers_in_the_unit_of_the_target():
    train, unseen = planted_regression(rows=211, seed=1), planted_regression(rows=61, seed=2)
    made = SalienceRegressor(**{**SMALL, "train": {**SMALL["train"], "epochs": 9}})
    made.fit(train["text"], 1000 + 50 * train["score"])
    assert made.predict(unseen["text"]).shape == (61,)
    assert made.score(unseen["text"], 1000 + 50 * unseen["score"]) > 0.5


def test_a_frame_may_have_several_columns_in_any_order(sentiment):
    texts, y = sentiment
    frame = pd.DataFrame({"title": ["the same"] * len(texts), "review": texts})
    made = SalienceClassifier(**SMALL).fit(frame, y)
    assert made.columns_ == ["title", "review"]
    turned = frame[["review", "title"]].assign(other=1)
    assert made.predict_proba(turned).tolist() == made.predict_proba(frame).tolist()
    assert {unit.column for unit in made.explain(frame[:3]).units[0]} == {"title", "review"}


def test_a_missing_text_is_read_as_an_empty_one(fitted):
    several = fitted.predict_proba([None, float("nan"), "", pd.NA])
    assert (several == several[2]).all()
    assert (fitted.predict_proba(pd.Series(["", None])) == several[2]).all()


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["fine", 3], "expected a text, got int\n  where: row 2, column 'text' of X"),
        (np.ones(3), "expected a text, got float"),
        (
            pd.DataFrame({"a": ["x"], "b": [2.5]}, dtype=object),
            "expected a text, got float\n  where: row 1, column 'b' of X",
        ),
        (np.ones((3, 2)), "got an array of shape (3, 2)\n  to do: give several columns as a DataFrame"),
        ("one text", "got a single text\n  to do: put it in a list"),
        ([], "expected at least one row"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "several columns are named 'a'"),
    ],
)
def test_an_x_that_is_no_text_is_refused(texts, problem):
    with pytest.raises(DataError) as caught:
        SalienceClassifier(**FEW).fit(texts, ["yes", "no", "no"][: len(texts)])
    assert problem in str(caught.value)


def test_a_missing_column_is_named(fitted):
    with pytest.raises(DataError, match="X lacks the columns text that the model was trained on"):
        fitted.predict(pd.DataFrame({"review": ["fine"]}))


def test_x_and_y_must_be_of_one_length():
    with pytest.raises(DataError, match="got 3 rows and 2 targets"):
        SalienceClassifier(**FEW).fit(["a b", "c d", "e f"], ["x", "y"])


def test_one_class_is_too_few():
    with pytest.raises(DataError, match="at least two classes in the training rows, got 1"):
        SalienceClassifier(**FEW).fit(["a b", "c d", "e f"], ["x", "x", "x"])


def test_rows_of_different_classes_throughout_are_too_few():
    with pytest.raises(DataError, match="none of n_samples = 3 can be held out"):
        SalienceClassifier(**FEW).fit(["a b", "c d", "e f"], ["x", "y", "z"])


def test_a_class_of_a_single_row_is_learned():
    texts, y = ["fine film", "dull film"] * 9 + ["odd one"], ["+", "-"] * 9 + ["?"]
    made = SalienceClassifier(**FEW).fit(texts, y)
    assert made.predict_proba(texts).shape == (19, 3)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_the_share_held_out_must_be_a_share(share):
    with pytest.raises(ConfigError, match="validation_fraction must be between 0 and 1"):
        SalienceClassifier(**FEW, validation_fraction=share).fit(["a b", "c d"] * 5, ["x", "y"] * 5)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"train": {"epoch": 3}}, "did you mean 'epochs'"),
        ({"model": {"widht": 3}}, "did you mean 'width'"),
        ({"text": {"Text": {"token": "Word"}}}, "did you mean 'tokens'"),
        ({"text": "Txt"}, "did you mean 'Text'"),
    ],
)
def test_an_unknown_option_is_named(options, problem):
    with pytest.raises(ConfigError) as caught:
        SalienceClassifier(**{**FEW, **options}).fit(["a b", "c d"] * 5, ["x", "y"] * 5)
    assert problem in str(caught.value)


def test_nothing_can_be_asked_before_fit():
    for ask in (SalienceClassifier().predict, SalienceClassifier().explain, SalienceRegressor().predict):
        with pytest.raises(NotFittedError):
            ask(["a text"])


def test_equal_states_give_equal_models_and_another_gives_another(sentiment):
    def probabilities(state):
        return clone(SalienceClassifier(**FEW, random_state=state)).fit(*sentiment).predict_proba(sentiment[0])

    assert (probabilities(7) == probabilities(7)).all()
    assert (probabilities(7) != probabilities(8)).any()
    assert (probabilities(np.random.RandomState(3)) == probabilities(np.random.RandomState(3))).all()
    assert probabilities(None).shape == (173, 2)


def test_training_leaves_the_global_generators_alone(sentiment):
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    SalienceClassifier(**FEW).fit(*sentiment)
    assert (np.random.get_state()[1] == before).all()


def test_parameters_are_read_set_and_cloned():
    made = SalienceClassifier(**SMALL)
    assert made.get_params()["model"] == SMALL["model"]
    made.set_params(random_state=4, model={"width": 16})
    copy = clone(made)
    assert copy.get_params() == made.get_params()
    assert not hasattr(copy, "pipeline_")


def test_a_fitted_estimator_survives_joblib(fitted, sentiment, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    assert (again.predict_proba(sentiment[0]) == fitted.predict_proba(sentiment[0])).all()


def _upper(texts):
    return [text.upper() for text in texts]


def test_it_works_in_a_pipeline(sentiment):
    texts, y = sentiment
    steps = [("clean", FunctionTransformer(_upper)), ("model", SalienceClassifier(**SMALL))]
    made = Pipeline(steps).fit(texts, y)
    assert made.score(texts, y) > 0.9
    assert made.set_params(model__random_state=3).named_steps["model"].random_state == 3


def test_it_works_in_a_grid_search(sentiment):
    texts, y = np.array(sentiment[0], dtype=object), sentiment[1]
    grid = {"model": [{"width": 4, "encoder": "Identity"}, SMALL["model"]], "train": [FEW["train"], SMALL["train"]]}
    search = GridSearchCV(SalienceClassifier(**SMALL), grid, cv=2).fit(texts, y)
    assert search.best_params_["train"] == SMALL["train"]
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(["superb lovely evening"]).tolist() == ["positive"]


def test_it_works_in_cross_validation(sentiment):
    scores = cross_val_score(SalienceClassifier(**SMALL), *sentiment, cv=2)
    assert scores.min() > 0.7


@pytest.mark.slow
def test_other_processes_find_the_same_scores(sentiment):
    alone, together = (cross_val_score(SalienceClassifier(**FEW), *sentiment, cv=2, n_jobs=jobs) for jobs in (1, 2))
    assert alone.tolist() == together.tolist()


def test_it_stacks_with_other_models(sentiment):
    words = make_pipeline(CountVectorizer(), MultinomialNB())
    models = [("words", words), ("attention", SalienceClassifier(**SMALL))]
    made = StackingClassifier(models, LogisticRegression(), cv=2).fit(*sentiment)
    assert made.score(*sentiment) > 0.9


def test_its_probabilities_can_be_calibrated_again(sentiment):
    made = CalibratedClassifierCV(SalienceClassifier(**SMALL), cv=2).fit(*sentiment)
    assert made.score(*sentiment) > 0.9


def test_it_explains_with_any_method(fitted):
    result = fitted.explain(["the superb film", "awful music"], method="leave_one_out")
    assert result.prediction == ["positive", "negative"]
    assert [unit.text for unit in result.units[0]] == ["the", "superb", "film"]
    assert int(np.argmax(result.importance[0])) == 1
    assert result.method == "leave_one_out"


def test_no_file_is_left(sentiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    SalienceClassifier(**FEW).fit(*sentiment)
    assert list(tmp_path.iterdir()) == []


def _share_on_evidence(classifier, frame):
    found = Received()(classifier.pipeline_, frame["text"])
    shares = [
        sum(each.score for each in heats if (each.unit.place.start, each.unit.place.stop) in marked)
        for heats, marked in zip(
            found, [{(s.start, s.stop) for s in spans} for spans in frame["evidence"]], strict=True
        )
    ]
    return np.mean(shares)


def test_rationales_teach_where_to_look():
    frame, unseen = planted_sentiment(rows=211, seed=1), planted_sentiment(rows=53, seed=2)
    marks = [[[span.start, span.stop] for span in spans] for spans in frame["evidence"]]
    marks[0] = None
    plain = SalienceClassifier(**SMALL).fit(frame["text"], frame["label"])
    taught = SalienceClassifier(**SMALL).fit(frame["text"], frame["label"], rationales=marks)
    assert _share_on_evidence(taught, unseen) > max(0.9, _share_on_evidence(plain, unseen) + 0.1)


@pytest.mark.parametrize(
    ("rationales", "problem"),
    [
        ([[[0, 4]]] * 7, "expected as many rationales as rows, got 7 for 8 rows"),
        ([None, [[0, 99]], *[None] * 6], "rationales, row 2"),
        ([None] * 8, "none of the training rows is annotated"),
    ],
)
def test_rationales_that_do_not_fit_are_refused(rationales, problem):
    with pytest.raises(DataError, match=problem):
        SalienceClassifier(**FEW).fit(["good film", "bad film"] * 4, ["+", "-"] * 4, rationales=rationales)


def test_rationales_of_several_columns_are_refused():
    frame = pd.DataFrame({"title": ["good", "bad"] * 4, "body": ["film", "film"] * 4})
    with pytest.raises(DataError, match="rationales mark one text per row, and X has 2 columns"):
        SalienceClassifier(**FEW).fit(frame, ["+", "-"] * 4, rationales=[None] * 8)


def test_several_seeds_answer_together_and_explain_with_an_interval(tmp_path):
    frame = planted_sentiment(rows=61, seed=0)
    texts, labels = list(frame["text"]), list(frame["label"])
    model = SalienceClassifier(**FEW, seeds=2).fit(texts, labels)
    assert len(model.pipeline_.members) == len(model.history_) == 2
    # The probabilities of the members, before any calibration, averaged and then calibrated together.
    rows = [{"text": each} for each in texts]
    alone = [each.raw(each.encode(rows)).double().softmax(-1).numpy() for each in model.pipeline_.members]
    powers = np.mean(alone, axis=0) ** (1 / model.pipeline_.task.temperature)
    np.testing.assert_allclose(model.predict_proba(texts), powers / powers.sum(1, keepdims=True), rtol=1e-4)
    assert all(heat.low <= heat.score <= heat.high for heat in model.explain(texts[:1]).heats[0])
    joblib.dump(model, tmp_path / "model.joblib")
    assert joblib.load(tmp_path / "model.joblib").predict(texts).tolist() == model.predict(texts).tolist()
    assert clone(model).get_params()["seeds"] == 2


def people(count: int = 97) -> tuple[pd.DataFrame, list[str]]:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": chance.integers(18, 80, count).astype(float),
            "job": pd.Categorical(chance.choice(["cook", "vet"], count)),
            "member": chance.random(count) > 0.5,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 900, count), unit="D"),
        }
    )
    frame.loc[::11, "age"] = np.nan
    return frame, ["old" if age > 50 else "young" for age in frame["age"].fillna(0)]


def test_columns_that_are_no_texts_are_read_as_a_table() -> None:
    frame, labels = people()
    model = {"width": 16, "encoder": "Identity"}
    fitted = SalienceClassifier(model=model, train={"epochs": 30, "learning_rate": 0.01}).fit(frame, labels)
    assert fitted.kinds_ == {"age": "numeric", "job": "categorical", "member": "boolean", "since": "date"}
    assert fitted.pipeline_.inputs == ["table"]
    assert fitted.score(frame, labels) > 0.9
    assert fitted.predict_proba(frame.astype(object)).shape == (97, 2)
    (units, *_) = fitted.explain(frame[:1]).units
    assert [unit.column for unit in units] == list(frame.columns)


def test_a_table_without_options_gets_the_usual_model_of_a_table() -> None:
    frame, labels = people()
    frame["table"] = ["a good day"] * len(frame)
    fitted = SalienceClassifier(train={"epochs": 1}).fit(frame, labels)
    assert fitted.pipeline_.inputs == ["table", "table_"]
    assert [type(each).__name__ for each in fitted.pipeline_.model.encoders] == ["Convolution", "FeedForward"]
    assert [type(each).__name__ for each in fitted.pipeline_.model.pools] == ["AttentionPool", "ThenFeedForward"]
    regressor = SalienceRegressor(train={"epochs": 1}).fit(frame[["age"]].fillna(0), np.arange(97.0))
    assert regressor.predict(frame[["age"]]).shape == (97,)
