import pandas as pd


def cross_check_conflicts(name, records, old, new, pairs, rulings) -> pd.DataFrame:
    raise NotImplementedError
