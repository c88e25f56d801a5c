"""The function clean drops heartbeats and sets aside what is no JSON object; other records pass."""
import base64
import json

# What becomes of a record.
OK = "Ok"  # it goes on, as the data that is returned
DROPPED = "Dropped"  # it was left out on purpose
FAILED = "ProcessingFailed"  # it goes to the error output, as it came


def transform(data):
    """Called with the bytes of every record."""
    try:
        event = json.loads(data)
    except ValueError:
        return FAILED, b""
    if not isinstance(event, dict):
        return FAILED, b""
    if event.get("type") == "heartbeat":
        return DROPPED, b""
    return OK, data


def handler(event, context):
    """Firehose invokes this; its answer must have every record once, under its id."""
    records = []
    for record in event["records"]:
        result, data = transform(base64.b64decode(record["data"]))
        answer = {"recordId": record["recordId"], "result": result}
        if result == OK:
            answer["data"] = base64.b64encode(data).decode()
        records.append(answer)
    return {"records": records}
