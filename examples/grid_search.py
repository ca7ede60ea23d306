"""A grid search with scikit-learn: which encoder, and how wide? Every combination is cross-validated.

python examples/grid_search.py
"""

from __future__ import annotations

import argparse

import pandas
from sklearn.model_selection import GridSearchCV

from salience import SalienceClassifier
from salience.data import planted_sentiment


def search(*, rows: int, epochs: int, folds: int) -> pandas.DataFrame:
    """The mean and the spread of the accuracy of each setting, best first."""
    table = planted_sentiment(rows=rows)
    classifier = SalienceClassifier(model={"width": 32}, train={"epochs": epochs, "learning_rate": 0.005})
    settings = {
        "model": [
            {"width": width, "encoder": encoder} for width in (16, 32) for encoder in ("Identity", "Convolution")
        ],
    }
    found = GridSearchCV(classifier, settings, cv=folds).fit(table["text"].tolist(), table["label"].tolist())

    results = pandas.DataFrame(found.cv_results_)[["param_model", "mean_test_score", "std_test_score"]]
    print(results.sort_values("mean_test_score", ascending=False).to_string(index=False))
    print("best:", found.best_params_["model"])

    # The best one was trained again on all rows, and explains like any other model.
    (one,) = found.best_estimator_.explain(["the film was lovely and the actor superb"])
    print(one.to_frame()[["text", "score"]].to_string(index=False))
    return results


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=600)
    command.add_argument("--epochs", type=int, default=8)
    command.add_argument("--folds", type=int, default=3)
    words = command.parse_args()
    search(rows=words.rows, epochs=words.epochs, folds=words.folds)


if __name__ == "__main__":
    main()
