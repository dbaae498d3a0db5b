// Answers where there is no exchange to give them, in the dialect that the request asks for.
import module from '../build/signalbox.wasm';
import { Core } from './loader.js';

// A request's head as the core reads it: `method, target, (name, value)...`, without the method for errorBody.
export function headText(request, withMethod = true) {
  const { url } = request;
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  let text = (withMethod ? request.method + '\0' : '') + url.slice(slash) + '\0';
  // The platform sends us only what is for our names: a Host that gets here is ours.
  for (const [name, value] of request.headers) if (name !== 'host') text += name + '\0' + value + '\0';
  return text;
}

// `detail` may be empty. An instance of its own, since the one that serves may be lost.
export function errorResponse(request, fault, detail) {
  const requestId = 'req_' + crypto.randomUUID().replaceAll('-', '');
  const { status, body } = new Core(module).errorBody(fault, headText(request, false), detail, requestId);
  return new Response(body, { status, headers: { 'content-type': 'application/json', 'request-id': requestId } });
}
