"""What the AWS blog's handler does, for Multi Model Server: model.json in, a week's forecast out."""

import json
from pathlib import Path

from prophet.serialize import model_from_json

model = None


def handle(data, context):
    global model
    if model is None:
        directory = context.system_properties["model_dir"]
        model = model_from_json((Path(directory) / "model.json").read_text())
    if data is None:
        return None
    body = data[0].get("body")
    question = body if isinstance(body, dict) else json.loads(body)
    if isinstance(question, str):
        question = json.loads(question)
    future = model.make_future_dataframe(periods=question["period"], include_history=False)
    return [json.dumps(model.predict(future).to_json())]
