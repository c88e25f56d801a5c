# Plays a function the part of Lambda's Python runtime: _HANDLER is called with each event of the Runtime API.
import http.client, importlib, json, os, sys, time, traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
root = "/2018-06-01/runtime/"


def post(path, value):
    api.request("POST", root + path, json.dumps(value).encode(), {"Content-Type": "application/json"})
    api.getresponse().read()


def report(e):
    traceback.print_exc()
    return {"errorMessage": str(e), "errorType": type(e).__name__}


class Context:
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
    log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
    identity = client_context = None

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline - int(time.time() * 1000))


try:
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    handler = getattr(importlib.import_module(module.replace("/", ".")), name)
except BaseException as e:
    post("init/error", report(e))
    sys.exit(1)

while True:
    api.request("GET", root + "invocation/next")
    answer = api.getresponse()
    event = json.loads(answer.read())
    context = Context(answer.headers)
    path = "invocation/" + context.aws_request_id
    try:
        post(path + "/response", handler(event, context))
    except Exception as e:
        post(path + "/error", report(e))
