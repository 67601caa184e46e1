// Holds a conversation with /agui by the stock AG-UI client and prints what the client made of it as one line of JSON.
//   node talk.mjs URL CONVERSATION
// CONVERSATION is JSON: {"token": text or null, "say": [text…]}. Without a token, cookies are kept as a browser does.
import { HttpAgent } from "@ag-ui/client";

const [url, conversation] = process.argv.slice(2);
const { token, say } = JSON.parse(conversation);

let cookie = null;
const withCookies = async (address, init) => {
  const headers = new Headers(init.headers);
  if (cookie) headers.set("cookie", cookie);
  const answer = await fetch(address, { ...init, headers });
  cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return answer;
};

const agent = new HttpAgent({
  url,
  headers: token ? { Authorization: `Bearer ${token}` } : {},
  fetch: token ? undefined : withCookies,
});
const turns = [];
for (const [number, text] of say.entries()) {
  const turn = { events: [], customs: [], errors: [], failed: null };
  agent.addMessage({ id: `message-${number}`, role: "user", content: text });
  try {
    const { result, newMessages } = await agent.runAgent({}, {
      onEvent: ({ event }) => void turn.events.push({ type: event.type, ...event.metadata }),
      onCustomEvent: ({ event }) => void turn.customs.push(event.name),
      onRunErrorEvent: ({ event }) => void turn.errors.push({ code: event.code, message: event.message }),
    });
    Object.assign(turn, { result, newMessages });
  } catch (error) {
    turn.failed = String(error);
  }
  turns.push(turn);
}
console.log(JSON.stringify({ turns, messages: agent.messages }));
