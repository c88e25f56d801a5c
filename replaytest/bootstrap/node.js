// Plays a function the part of Lambda's Node runtime: _HANDLER is called with each event of the Runtime API.
const http = require('node:http'), fs = require('node:fs'), path = require('node:path'), url = require('node:url');
const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });

function call(method, to, value) {
  return new Promise((resolve, reject) => {
    const body = value === undefined ? undefined : Buffer.from(JSON.stringify(value) ?? 'null');
    const headers = body ? { 'Content-Type': 'application/json', 'Content-Length': body.length } : {};
    const req = http.request({ host, port, agent, method, path: '/2018-06-01/runtime/' + to, headers }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('end', () => resolve({ headers: res.headers, body: Buffer.concat(parts) }));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

function report(e) {
  console.error(e);
  return { errorMessage: String(e?.message ?? e), errorType: e?.name ?? 'Error' };
}

async function load() {
  const at = env._HANDLER.lastIndexOf('.');
  const base = path.join(env.LAMBDA_TASK_ROOT, env._HANDLER.slice(0, at)), name = env._HANDLER.slice(at + 1);
  const file = ['.js', '.mjs', '.cjs'].map((x) => base + x).find((f) => fs.existsSync(f));
  if (!file) throw new Error('there is no file for the handler ' + env._HANDLER);
  const module = await import(url.pathToFileURL(file).href);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler !== 'function') throw new Error(name + ' is no function of ' + file);
  return handler;
}

// invoke calls a handler of any kind: one that returns a promise, or calls back.
function invoke(handler, event, context) {
  return new Promise((resolve, reject) => {
    const done = (e, value) => (e ? reject(e) : resolve(value ?? null));
    Object.assign(context, { done, succeed: resolve, fail: reject, callbackWaitsForEmptyEventLoop: true });
    const value = handler(event, context, done);
    if (value && typeof value.then === 'function') value.then((v) => resolve(v ?? null), reject);
    else if (value !== undefined) resolve(value);
  });
}

(async () => {
  let handler;
  try {
    handler = await load();
  } catch (e) {
    await call('POST', 'init/error', report(e));
    process.exit(1);
  }
  for (;;) {
    const next = await call('GET', 'invocation/next');
    const id = next.headers['lambda-runtime-aws-request-id'];
    const context = {
      awsRequestId: id, functionName: env.AWS_LAMBDA_FUNCTION_NAME, functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, invokedFunctionArn: next.headers['lambda-runtime-invoked-function-arn'],
      getRemainingTimeInMillis: () => Math.max(0, Number(next.headers['lambda-runtime-deadline-ms']) - Date.now()),
    };
    let to = '/response', value;
    try {
      value = await invoke(handler, JSON.parse(next.body), context);
    } catch (e) {
      to = '/error';
      value = report(e);
    }
    await call('POST', 'invocation/' + id + to, value);
  }
})();
