"""Apache access log lines to JSON."""

import base64
import json
import re
from datetime import datetime, timedelta

LINE = re.compile(r'^([\d.]+) (\S+) (\S+) \[([\w:/]+)(\s[+-]\d{4})?\] "(.+?)" (\d{3}) (\d+)')


def iso(time):
    return time.isoformat(timespec="milliseconds") + "Z"


def transform(line):
    match = LINE.match(line)
    if not match:
        return None
    host, ident, user, stamp, zone, request, status, size = match.groups()
    time = datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S")
    result = {
        "host": host,
        "ident": ident,
        "authuser": user,
        "request": request,
        "response": int(status),
        "bytes": int(size),
    }
    words = request.split(" ")
    if len(words) > 1:
        result["verb"] = words[0]
    result["@timestamp"] = iso(time)
    if zone:
        zone = zone.strip()
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        result["timezone"] = zone
        result["@timestamp_utc"] = iso(time + offset if zone[0] == "-" else time - offset)
    return result


def lambda_handler(event, context):
    output = []
    for record in event["records"]:
        result = transform(base64.b64decode(record["data"]).decode("utf-8"))
        if result is None:
            output.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
            continue
        data = base64.b64encode(json.dumps(result).encode("utf-8")).decode("ascii")
        output.append({"recordId": record["recordId"], "result": "Ok", "data": data})
    return {"records": output}
