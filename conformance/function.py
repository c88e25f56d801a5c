"""A function in another language, spoken to over the Lambda Runtime API, that does as its argument says:
upper, crash (the process is gone in mid-invocation), garbage, late (it answers another invocation first), hang,
raise, lose (an id is missing), twice (an id is answered twice), route (to the table of the member to, by the operation of as)."""
import base64, json, os, sys, time, urllib.request

mode = sys.argv[1]
api = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]


def post(path, body):
    try:
        urllib.request.urlopen(urllib.request.Request(api + path, data=body)).read()
    except urllib.error.HTTPError:
        pass  # refused: the answer was not this invocation's


while True:
    with urllib.request.urlopen(api + "next") as r:
        id, event = r.headers["Lambda-Runtime-Aws-Request-Id"], json.load(r)
    if mode == "crash":
        os._exit(9)
    if mode == "hang":
        time.sleep(3600)
    if mode == "raise":
        post(id + "/error", json.dumps({"errorMessage": "no", "errorType": "ValueError"}).encode())
        continue
    if mode == "garbage":
        post(id + "/response", b"\x00\xff{")
        continue
    if mode == "late":
        post("someone-else/response", b'{"records":[]}')
    out = [
        {"recordId": r["recordId"], "result": "Ok", "data": base64.b64encode(base64.b64decode(r["data"]).upper()).decode()}
        for r in event["records"]
    ]
    if mode == "route":
        for r, o in zip(event["records"], out):
            o["data"], doc = r["data"], json.loads(base64.b64decode(r["data"]))
            if doc["to"]:
                o["metadata"] = {"otfMetadata": {"destinationDatabaseName": "shop", "destinationTableName": doc["to"], "operation": doc.get("as", "insert")}}
    if mode == "lose":
        out = out[1:]
    if mode == "twice":
        out.append(out[0])
    post(id + "/response", json.dumps({"records": out}).encode())
