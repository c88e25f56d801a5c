// The function clean drops heartbeats and sets aside what is no JSON object; other records pass.

// What becomes of a record.
const ok = 'Ok'; // it goes on, as the data that is returned
const dropped = 'Dropped'; // it was left out on purpose
const failed = 'ProcessingFailed'; // it goes to the error output, as it came

// transform is called with the bytes of every record.
function transform(data) {
  let event;
  try {
    event = JSON.parse(data.toString('utf8'));
  } catch {
    return [failed];
  }
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return [failed];
  if (event.type === 'heartbeat') return [dropped];
  return [ok, data];
}

// Firehose invokes handler; its answer must have every record once, under its id.
export async function handler(event) {
  const records = event.records.map(({ recordId, data }) => {
    const [result, out] = transform(Buffer.from(data, 'base64'));
    return result === ok ? { recordId, result, data: out.toString('base64') } : { recordId, result };
  });
  return { records };
}
