/*
 * Vínculo chat widget: one file, no dependency, no build step.
 *
 *   <script src="https://chat.example.com/widget.js" data-language="pt" data-login="TOKEN" async></script>
 *
 * data-language  "en" or "pt" (else the page's language)
 * data-login     signed login token of the company's site, only while the person is logged in
 * data-server    address of the chat server, if it is not where this file comes from
 * CSS            --vinculo-accent, --vinculo-on-accent on :root change the colours
 * Calls          vinculo.open(draft?) close() login(token) logout() setLanguage("en" | "pt")
 * Events         on window: vinculo:ready, vinculo:language {language}, vinculo:product {product, url} (cancelable)
 *
 * Sections: texts, styles, helpers, memory, connection, thread, view, assembly.
 */
(() => {
  'use strict';
  if (typeof window.vinculo?.open === 'function') return;

  const SCRIPT = document.currentScript;
  const HOME = new URL(SCRIPT?.dataset.server || SCRIPT?.src || location.href, location.href);
  const TEXT_LIMIT = 4000;
  const COUNTER_FROM = 3600;
  const PAGE = 50;
  const ACK_TIMEOUT_MS = 12000;
  const MAX_TRIES = 3;
  const PING_EVERY_MS = 25000;
  const PONG_WITHIN_MS = 10000;
  const BACKOFF_FIRST_MS = 500;
  const BACKOFF_LAST_MS = 30000;
  const TYPING_SHOWN_MS = 30000;

  // ---------------------------------------------------------------- texts

  const TEXTS = {
    en: {
      title: 'Chat',
      open: 'Open chat',
      openUnread: (n) => `Open chat, ${n} unread ${n === 1 ? 'message' : 'messages'}`,
      close: 'Close chat',
      ownerBot: 'You are talking to a bot',
      ownerHuman: (name) => `You are talking to ${name || 'a person'}`,
      ownerWaiting: 'Waiting for a person',
      ownerClosed: 'This conversation is closed. Write to start again.',
      ownerUnknown: 'Connecting…',
      askPerson: 'Talk to a person',
      askPersonText: 'I would like to talk to a person',
      language: 'Mudar para português',
      languageShort: 'PT',
      log: 'Messages',
      older: 'Show older messages',
      olderLoading: 'Loading older messages…',
      fresh: 'New messages',
      you: 'You',
      bot: 'Bot',
      botMark: 'bot',
      agent: 'A person',
      agentMark: 'person',
      system: 'Notice',
      typing: (name) => `${name} is typing`,
      botTyping: 'The bot is typing',
      personTyping: 'A person is typing',
      replies: 'Suggested answers',
      chosen: 'chosen',
      suggestions: ['What do you recommend?', 'Where is my order?', 'What can you do for me?'],
      why: 'Why this one',
      view: 'See it in the shop',
      input: 'Your message',
      placeholder: 'Write a message',
      send: 'Send',
      left: (n) => `${n} characters left`,
      over: (n) => `${n} characters too many`,
      sending: 'sending',
      queued: 'waiting for the connection',
      sent: 'sent',
      read: 'read',
      failed: 'not sent',
      again: 'Send again',
      againIn: (s) => `Send again in ${s} s`,
      edit: 'Edit',
      asLoggedIn: (name) => `You are logged in as ${name}`,
      asName: (name) => `You are here as ${name}`,
      asVisitor: 'You are here as a visitor',
      offline: 'No connection. What you write is kept and sent later.',
      retry: 'Try now',
      newSession: 'Your earlier session could not be continued. A new conversation starts here.',
      badLogin: 'Your log-in could not be confirmed. You can chat as a visitor, or log in again.',
      noAck: 'The server did not confirm it.',
      tooFast: 'Too many messages in a short time.',
      tooLong: 'The message is too long. Send it in parts.',
      empty: 'There is nothing to read in it. Write a few words.',
      wait: (s) => `Please wait ${s} s.`,
      broken: 'Something went wrong on our side.',
      today: 'Today',
      yesterday: 'Yesterday',
    },
    pt: {
      title: 'Conversa',
      open: 'Abrir a conversa',
      openUnread: (n) => `Abrir a conversa, ${n} ${n === 1 ? 'mensagem não lida' : 'mensagens não lidas'}`,
      close: 'Fechar a conversa',
      ownerBot: 'Você está falando com um bot',
      ownerHuman: (name) => `Você está falando com ${name || 'uma pessoa'}`,
      ownerWaiting: 'Aguardando uma pessoa',
      ownerClosed: 'Esta conversa foi encerrada. Escreva para começar de novo.',
      ownerUnknown: 'Conectando…',
      askPerson: 'Falar com uma pessoa',
      askPersonText: 'Quero falar com uma pessoa',
      language: 'Switch to English',
      languageShort: 'EN',
      log: 'Mensagens',
      older: 'Mostrar mensagens anteriores',
      olderLoading: 'Carregando mensagens anteriores…',
      fresh: 'Novas mensagens',
      you: 'Você',
      bot: 'Bot',
      botMark: 'bot',
      agent: 'Uma pessoa',
      agentMark: 'pessoa',
      system: 'Aviso',
      typing: (name) => `${name} está digitando`,
      botTyping: 'O bot está digitando',
      personTyping: 'Uma pessoa está digitando',
      replies: 'Respostas sugeridas',
      chosen: 'escolhida',
      suggestions: ['O que você me recomenda?', 'Onde está o meu pedido?', 'O que você pode fazer por mim?'],
      why: 'Por que este',
      view: 'Ver na loja',
      input: 'Sua mensagem',
      placeholder: 'Escreva uma mensagem',
      send: 'Enviar',
      left: (n) => `Restam ${n} caracteres`,
      over: (n) => `${n} caracteres a mais`,
      sending: 'enviando',
      queued: 'aguardando a conexão',
      sent: 'enviada',
      read: 'lida',
      failed: 'não enviada',
      again: 'Enviar de novo',
      againIn: (s) => `Enviar de novo em ${s} s`,
      edit: 'Editar',
      asLoggedIn: (name) => `Você entrou como ${name}`,
      asName: (name) => `Você está aqui como ${name}`,
      asVisitor: 'Você está aqui como visitante',
      offline: 'Sem conexão. O que você escrever fica guardado e será enviado depois.',
      retry: 'Tentar agora',
      newSession: 'Não foi possível continuar a sua sessão anterior. Uma nova conversa começa aqui.',
      badLogin: 'Não foi possível confirmar o seu login. Você pode conversar como visitante ou entrar de novo.',
      noAck: 'O servidor não confirmou o recebimento.',
      tooFast: 'Muitas mensagens em pouco tempo.',
      tooLong: 'A mensagem é longa demais. Envie em partes.',
      empty: 'Não há nada para ler nela. Escreva algumas palavras.',
      wait: (s) => `Aguarde ${s} s.`,
      broken: 'Algo deu errado do nosso lado.',
      today: 'Hoje',
      yesterday: 'Ontem',
    },
  };
  const LOCALES = { en: 'en', pt: 'pt-BR' };

  // ---------------------------------------------------------------- styles

  const CSS = `
:host { all: initial; }
:host {
  --accent: var(--vinculo-accent, #17594a);
  --on-accent: var(--vinculo-on-accent, #fff);
  --link: var(--accent);
  --bg: #fff; --soft: #f3f3f0; --ink: #1c1f1e; --muted: #565c5a; --line: #dcdeda;
  --agent: #fdf1dc; --agent-line: #e3bf7d; --agent-ink: #7a4a00;
  --danger: #ac231b; --danger-soft: #fdecea; --warn: #fff6dd; --warn-ink: #5e4600;
  --shadow: 0 1px 2px rgb(20 20 15 / .08), 0 12px 40px rgb(20 20 15 / .22);
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :host {
    --link: color-mix(in oklab, var(--accent) 35%, #fff);
    --bg: #171918; --soft: #252927; --ink: #eceeec; --muted: #a9b0ac; --line: #3a403d;
    --agent: #352a14; --agent-line: #7a5f28; --agent-ink: #f0cd8a;
    --danger: #ffb4ab; --danger-soft: #3b1815; --warn: #352c10; --warn-ink: #f2dc9b;
    --shadow: 0 0 0 1px #3a403d, 0 12px 40px rgb(0 0 0 / .6);
  }
}
*, *::before, *::after { box-sizing: border-box; }
.root {
  font: 400 15px/1.45 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  color: var(--ink); position: fixed; z-index: 2147483000; right: 20px; bottom: 20px; text-align: left;
  right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
}
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer; touch-action: manipulation; }
button:disabled { cursor: default; }
:focus { outline: none; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
[hidden] { display: none !important; }
.sr { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
svg { width: 1.25em; height: 1.25em; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }

.launcher {
  position: absolute; right: 0; bottom: 0; width: 60px; height: 60px; border-radius: 50%; display: grid; place-items: center;
  background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); transition: transform .16s ease;
}
.launcher:hover { transform: translateY(-2px) scale(1.03); }
.launcher:active { transform: scale(.97); }
.launcher svg { width: 28px; height: 28px; }
.badge {
  position: absolute; top: -3px; right: -3px; min-width: 23px; height: 23px; padding: 0 6px; border-radius: 12px; font-size: 13px; font-weight: 700;
  line-height: 19px; text-align: center; background: #b3261e; color: #fff; border: 2px solid var(--bg);
}

.panel {
  position: absolute; right: 0; bottom: 76px; width: min(400px, calc(100vw - 40px)); height: min(640px, calc(100vh - 180px)); height: min(640px, calc(100dvh - 180px));
  display: flex; flex-direction: column; background: var(--bg); border-radius: 18px; overflow: hidden; box-shadow: var(--shadow);
  animation: rise .2s cubic-bezier(.2, .8, .2, 1); transform-origin: bottom right;
}
@keyframes rise { from { opacity: 0; transform: translateY(12px) scale(.98); } }

header { background: var(--accent); color: var(--on-accent); padding: 14px 12px 12px 16px; flex: none; }
.bar { display: flex; align-items: center; gap: 12px; }
.face { width: 40px; height: 40px; border-radius: 50%; display: grid; place-items: center; background: rgb(255 255 255 / .16); flex: none; font-weight: 700; font-size: 15px; }
.face svg { width: 23px; height: 23px; }
[data-owner="human"] .face { background: #fdf1dc; color: #5e3a00; }
[data-owner="waiting"] .face { border: 2px dashed currentColor; background: none; }
.who { flex: 1; min-width: 0; }
h2 { margin: 0; font-size: 16px; font-weight: 700; line-height: 1.25; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.status { display: flex; align-items: center; gap: 6px; font-size: 13.5px; line-height: 1.3; margin-top: 2px; }
.status svg { width: 15px; height: 15px; }
.tool { height: 40px; min-width: 40px; border-radius: 10px; display: grid; place-items: center; font-size: 13px; font-weight: 700; letter-spacing: .04em; }
.tool:hover { background: rgb(255 255 255 / .16); }
header :focus-visible { outline-color: var(--on-accent); outline-offset: -2px; }
.person {
  display: inline-flex; align-items: center; gap: 7px; margin: 10px 0 0 52px; padding: 5px 12px 5px 10px; border-radius: 99px; font-size: 13px; font-weight: 600;
  border: 1px solid color-mix(in srgb, currentColor 55%, transparent); min-height: 30px;
}
.person svg { width: 15px; height: 15px; }
.person:hover { background: rgb(255 255 255 / .16); }

.banner { display: flex; gap: 10px; align-items: center; padding: 8px 14px; font-size: 13.5px; background: var(--warn); color: var(--warn-ink); flex: none; }
.banner span { flex: 1; }
.banner button { font-weight: 700; text-decoration: underline; text-underline-offset: 3px; min-height: 28px; white-space: nowrap; }

.middle { position: relative; flex: 1; min-height: 0; display: flex; }
.scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 14px 14px 10px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.scroll:focus-visible { outline-offset: -4px; }
ol { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 12px; }
.older { display: block; margin: 0 auto 12px; padding: 6px 14px; border-radius: 99px; font-size: 13px; color: var(--link); border: 1px solid var(--line); font-weight: 600; }
.older:disabled { color: var(--muted); }

li { display: flex; flex-direction: column; align-items: flex-start; max-width: 100%; }
li.day { align-items: center; font-size: 12.5px; color: var(--muted); }
.bubble {
  max-width: 88%; padding: 9px 13px; border-radius: 16px 16px 16px 5px; background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere;
}
.agent .bubble { background: var(--agent); box-shadow: inset 0 0 0 1px var(--agent-line); }
.customer { align-items: flex-end; }
.customer .bubble { background: var(--accent); color: var(--on-accent); border-radius: 16px 16px 5px 16px; }
.customer.unsent .bubble { opacity: .82; }
.customer.lost .bubble { background: var(--danger-soft); color: var(--ink); box-shadow: inset 0 0 0 1px var(--danger); opacity: 1; }
.system, .local { align-items: center; }
.system .meta { margin-top: 0; }
.system .bubble, .local .bubble { background: none; color: var(--muted); font-size: 13.5px; text-align: center; padding: 2px 10px; max-width: 94%; }
.local .bubble { border: 1px dashed var(--line); border-radius: 12px; padding: 7px 12px; }
.bubble a { color: inherit; text-underline-offset: 2px; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin: 3px 4px 0; font-size: 12px; color: var(--muted); }
.meta svg { width: 13px; height: 13px; }
.meta .dot { opacity: .7; }
.agent .meta .name { color: var(--agent-ink); font-weight: 600; }
.customer .meta { justify-content: flex-end; }
.lost .meta .state { color: var(--danger); font-weight: 600; }
.trouble { display: flex; flex-wrap: wrap; gap: 8px; justify-content: flex-end; align-items: center; margin-top: 4px; font-size: 13px; color: var(--danger); max-width: 94%; }
.trouble button { min-height: 30px; padding: 3px 12px; border: 1px solid currentColor; border-radius: 99px; font-weight: 600; color: var(--ink); }
.trouble button:disabled { color: var(--muted); }

.choices { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 9px; }
.choices button {
  display: inline-flex; gap: 6px; align-items: center; min-height: 36px; padding: 6px 14px; border-radius: 99px; text-align: left; font-size: 14px; font-weight: 600;
  border: 1.5px solid var(--link); color: var(--link); background: var(--bg); overflow-wrap: anywhere;
}
.choices button:hover:not(:disabled) { background: color-mix(in srgb, var(--link) 10%, var(--bg)); }
.choices button:disabled { border-color: var(--line); color: var(--muted); font-weight: 400; }
.choices button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
.choices svg { width: 15px; height: 15px; }

.cards { display: flex; flex-direction: column; gap: 9px; width: 100%; max-width: 96%; margin-top: 9px; padding: 0; }
.card { border: 1px solid var(--line); border-radius: 14px; overflow: hidden; background: var(--bg); display: block; }
.card img { display: block; width: 100%; height: 120px; object-fit: cover; background: var(--soft); }
.inside { padding: 11px 13px 12px; }
.card h3 { margin: 0; font-size: 15px; line-height: 1.3; display: flex; gap: 10px; justify-content: space-between; align-items: baseline; }
.card h3 span:last-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
.card p { margin: 4px 0 0; font-size: 13.5px; color: var(--muted); overflow-wrap: anywhere; }
.card .reason { margin-top: 8px; padding: 7px 10px; border-radius: 9px; background: var(--soft); color: var(--ink); font-size: 13.5px; }
.card .reason b { color: var(--link); font-weight: 700; }
.card a { display: inline-flex; gap: 5px; align-items: center; margin-top: 9px; min-height: 28px; color: var(--link); font-size: 14px; font-weight: 600; text-underline-offset: 3px; }
.card a svg { width: 14px; height: 14px; }

.typing { display: flex; align-items: center; gap: 8px; margin-top: 12px; font-size: 12.5px; color: var(--muted); }
.dots { display: inline-flex; gap: 4px; padding: 12px 14px; border-radius: 16px 16px 16px 5px; background: var(--soft); }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: dot 1.2s infinite ease-in-out; }
.dots i:nth-child(2) { animation-delay: .15s; } .dots i:nth-child(3) { animation-delay: .3s; }
@keyframes dot { 0%, 60%, 100% { transform: none; opacity: .5; } 30% { transform: translateY(-4px); opacity: 1; } }
.fresh {
  position: absolute; left: 50%; bottom: 10px; transform: translateX(-50%); display: inline-flex; gap: 6px; align-items: center; padding: 7px 14px; border-radius: 99px;
  background: var(--ink); color: var(--bg); font-size: 13px; font-weight: 600; box-shadow: 0 4px 14px rgb(0 0 0 / .25);
}
.fresh svg { width: 14px; height: 14px; }

form { flex: none; border-top: 1px solid var(--line); padding: 10px 10px 8px; background: var(--bg); padding-bottom: max(8px, env(safe-area-inset-bottom)); }
.box { display: flex; align-items: flex-end; gap: 6px; border: 1.5px solid var(--line); border-radius: 16px; padding: 4px; background: var(--bg); }
.box:focus-within { border-color: var(--link); box-shadow: 0 0 0 3px color-mix(in srgb, var(--link) 18%, transparent); }
textarea {
  flex: 1; min-width: 0; resize: none; border: 0; background: none; color: inherit; font: inherit; font-size: 16px; line-height: 1.4; padding: 7px 6px 7px 9px; height: 37px; max-height: 150px; margin: 0;
}
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { width: 37px; height: 37px; border-radius: 12px; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); flex: none; }
.send:disabled { background: var(--soft); color: var(--muted); }
.foot { display: flex; justify-content: space-between; gap: 10px; margin: 5px 8px 0; font-size: 12px; color: var(--muted); min-height: 17px; }
.count { font-variant-numeric: tabular-nums; white-space: nowrap; }
.count.over { color: var(--danger); font-weight: 700; }

@media (max-width: 480px), (max-height: 480px) {
  .root.open { inset: 0; right: 0; bottom: 0; }
  .open .panel { position: fixed; inset: 0 0 auto 0; width: 100%; height: 100vh; height: 100dvh; height: var(--view, 100dvh); top: var(--view-top, 0); border-radius: 0; }
  .open .launcher { display: none; }
  header { padding-top: max(12px, env(safe-area-inset-top)); }
}
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .bubble, .panel, .launcher, .send { border: 1px solid; } }
@media print { .root { display: none; } }
`;

  // ---------------------------------------------------------------- helpers

  const ICONS = {
    chat: 'M20.5 11.6a8 8 0 0 1-11.4 7.2L4 20.2l1.5-4.7a8 8 0 1 1 15-3.9ZM8.6 11.7v.01M12.3 11.7v.01M16 11.7v.01',
    down: 'M6 9.5l6 6 6-6',
    close: 'M6 6l12 12M18 6 6 18',
    send: 'M12 19V5.5M5.5 12 12 5.5l6.5 6.5',
    bot: 'M5 10a3 3 0 0 1 3-3h8a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3zM12 7V3.5M9.3 12.2v1.3M14.7 12.2v1.3M2.5 12v2.2M21.5 12v2.2',
    human: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0',
    waiting: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.2V12l3.2 2',
    closed: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 12h7',
    check: 'M5 12.7l4.4 4.3L19 7.5',
    alert: 'M12 7.5v5.5M12 16.4v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
    arrow: 'M5 12h13.5M12.5 6l6 6-6 6',
  };

  /** An element with properties (`class`, `text`, `on…` handlers, attributes) and children; strings become text, never markup. */
  function el(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === 'class') node.className = value;
      else if (name === 'text') node.textContent = value;
      else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? '' : String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  }

  /** A version 4 UUID, also where `crypto.randomUUID` is missing (pages without TLS, old browsers). */
  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  /** Characters as the server counts them (code points, not UTF-16 units). */
  const lengthOf = (text) => (text.length < COUNTER_FROM ? text.length : Array.from(text).length);

  /** The address if it is http(s), or null: no javascript:, data: or anything else from a message becomes a link. */
  function safeAddress(address, base) {
    try {
      const url = new URL(address, base);
      return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
    } catch {
      return null;
    }
  }

  /** Text nodes and links for http(s) addresses in the text. */
  function linkify(text) {
    const parts = [];
    let from = 0;
    for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`]+/gi)) {
      let address = match[0].replace(/[.,;:!?…]+$/, '');
      while (/[)\]}]$/.test(address) && !/[([{]/.test(address)) address = address.slice(0, -1).replace(/[.,;:!?…]+$/, '');
      const href = safeAddress(address);
      if (!href) continue;
      parts.push(text.slice(from, match.index));
      parts.push(el('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow ugc', text: address }));
      from = match.index + address.length;
    }
    parts.push(text.slice(from));
    return parts.filter((part) => part !== '');
  }

  const initials = (name) => {
    const words = name.trim().split(/\s+/);
    return ((words[0]?.[0] || '') + (words.length > 1 ? words[words.length - 1][0] : '')).toUpperCase();
  };

  // ---------------------------------------------------------------- memory

  /** Web storage that works (for this page view) even where the browser forbids it. */
  function memory(area) {
    const prefix = `vinculo:${HOME.host}:`;
    const fallback = new Map();
    const store = () => window[area];
    return {
      read(name) {
        try {
          return JSON.parse(store().getItem(prefix + name));
        } catch {
          return fallback.get(name) ?? null;
        }
      },
      write(name, value) {
        fallback.set(name, value);
        try {
          if (value === null) store().removeItem(prefix + name);
          else store().setItem(prefix + name, JSON.stringify(value));
        } catch { /* forbidden or full: the fallback holds it */ }
      },
      key: (name) => prefix + name,
    };
  }

  // ---------------------------------------------------------------- connection

  /** Keeps one WebSocket open: hello first, heartbeat, reconnects with exponential backoff and jitter. */
  class Connection {
    constructor({ url, hello, frame, state }) {
      Object.assign(this, { url, hello, frame, tell: state, socket: null, state: 'idle', tries: 0, timers: {} });
    }

    get ready() {
      return this.state === 'ready';
    }

    start() {
      if (this.state === 'idle' || this.state === 'waiting') this.#connect();
    }

    stop() {
      this.#drop();
      this.#set('idle');
    }

    restart() {
      this.#drop();
      this.tries = 0;
      this.#connect();
    }

    /** Sends a frame; false if there is no working connection. */
    send(frame) {
      if (this.socket?.readyState !== WebSocket.OPEN) return false;
      this.socket.send(JSON.stringify(frame));
      return true;
    }

    /** Asks at once whether the other side is still there. */
    check() {
      if (this.state === 'waiting') this.restart();
      else if (this.ready && !this.timers.pong) {
        this.send({ type: 'ping' });
        this.timers.pong = setTimeout(() => this.lost(), PONG_WITHIN_MS);
      }
    }

    /** Gives the present socket up and tries again later. */
    lost() {
      this.#drop();
      const delay = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** this.tries) * (0.5 + Math.random() / 2);
      this.tries += 1;
      this.timers.retry = setTimeout(() => this.#connect(), delay);
      this.#set('waiting');
    }

    #connect() {
      this.#drop();
      this.#set('connecting');
      let socket;
      try {
        socket = new WebSocket(this.url);
      } catch {
        this.lost();
        return;
      }
      this.socket = socket;
      this.timers.welcome = setTimeout(() => this.lost(), 15000);
      socket.onopen = () => this.send(this.hello());
      socket.onclose = () => socket === this.socket && this.lost();
      socket.onmessage = (event) => {
        if (socket !== this.socket) return;
        this.#clear('pong');
        let frame;
        try {
          frame = JSON.parse(event.data);
        } catch {
          return;
        }
        if (frame.type === 'welcome') this.#welcomed();
        this.frame(frame);
      };
    }

    #welcomed() {
      this.#clear('welcome');
      this.timers.stable = setTimeout(() => { this.tries = 0; }, 5000);
      this.timers.ping = setInterval(() => this.check(), PING_EVERY_MS);
      this.#set('ready');
    }

    #clear(...names) {
      for (const name of names) {
        clearTimeout(this.timers[name]);
        delete this.timers[name];
      }
    }

    #drop() {
      this.#clear('retry', 'welcome', 'stable', 'ping', 'pong');
      const socket = this.socket;
      this.socket = null;
      if (socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      }
    }

    #set(state) {
      if (state === this.state) return;
      this.state = state;
      this.tell(state);
    }
  }

  // ---------------------------------------------------------------- thread

  /** The messages of one conversation: unique by id, ordered by seq, what is not yet confirmed last. */
  class Thread {
    constructor(changed) {
      this.changed = changed;
      this.clear();
    }

    clear() {
      this.items = [];
      this.last = null;
      this.conversation = null;
    }

    get oldest() {
      return this.items.find((item) => item.seq !== null && item.sender !== 'local')?.seq ?? null;
    }

    get unconfirmed() {
      return this.items.filter((item) => item.sender === 'customer' && item.seq === null);
    }

    byClientId(id) {
      return this.items.find((item) => item.clientId === id);
    }

    /** Takes a message view from the server, new or known. Returns the item. */
    take(view) {
      if (view.sender === 'note') return null;
      const known = this.items.find((item) => item.id === view.id)
        || (view.external_id && view.sender === 'customer' && this.byClientId(view.external_id))
        || (view.sender === 'customer' && this.items.find((item) => !item.id && item.sender === 'customer' && item.seq === view.seq));
      const item = known || { clientId: view.external_id || null };
      Object.assign(item, {
        id: view.id, seq: view.seq, sender: view.sender, name: view.sender_name || null, text: view.text || '',
        buttons: view.buttons || [], cards: view.cards || [], chosen: view.chosen ?? item.chosen ?? null,
        state: view.sender === 'customer' && view.state === 'read' ? 'read' : 'sent', reason: null, at: view.created_at,
      });
      this.last = Math.max(this.last ?? 0, view.seq);
      this.conversation ??= view.conversation_id || null;
      this.#place(item);
      return item;
    }

    /** Adds what the customer has just written; it has no seq until the server acknowledges it. */
    write(text, payload, id = uuid(), state = 'queued', at = new Date().toISOString()) {
      const item = {
        id: null, clientId: id, seq: null, sender: 'customer', name: null, text, payload, buttons: [], cards: [], chosen: null, state, reason: null, at, tries: 0,
      };
      this.#place(item);
      return item;
    }

    acknowledge(id, seq) {
      const item = this.byClientId(id);
      if (!item) return;
      if (item.seq === null) {
        const twin = this.items.find((other) => other !== item && other.sender === 'customer' && other.seq === seq);
        if (twin) {
          this.remove(item);
          twin.clientId = id;
          return;
        }
        item.seq = seq;
      }
      item.state = item.state === 'read' ? 'read' : 'sent';
      item.reason = null;
      this.#place(item);
    }

    /** A line of the widget itself, which the server does not know. */
    notice(text) {
      const after = this.items.reduce((seq, item) => Math.max(seq, item.seq ?? 0), 0);
      const item = { id: `local-${uuid()}`, clientId: null, seq: after, sender: 'local', text, buttons: [], cards: [], state: 'sent', at: new Date().toISOString() };
      this.#place(item);
      return item;
    }

    remove(item) {
      this.items = this.items.filter((other) => other !== item);
      this.changed(item, 'removed');
    }

    #place(item) {
      const before = this.items.indexOf(item);
      if (before >= 0) this.items.splice(before, 1);
      let index = this.items.length;
      const rank = item.seq ?? Infinity;
      while (index > 0 && (this.items[index - 1].seq ?? Infinity) > rank) index -= 1;
      this.items.splice(index, 0, item);
      this.changed(item, before < 0 ? 'added' : 'changed');
    }
  }

  // ---------------------------------------------------------------- view

  /** What is on the screen. Decides nothing: it shows the thread and the state, and calls the handlers of `on`. */
  class View {
    constructor(on) {
      this.on = on;
      this.language = 'en';
      this.nodes = new Map();
      this.days = new Map();
      this.dirty = new Set();
      this.stick = true;
      this.texts = {};
      this.opened = false;
      this.owner = null;
      this.#build();
    }

    get t() {
      return TEXTS[this.language];
    }

    get small() {
      return matchMedia('(max-width: 480px), (max-height: 480px)').matches;
    }

    #build() {
      this.host = el('vinculo-chat');
      const root = this.host.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];

      this.face = el('span', { class: 'face', 'aria-hidden': 'true' });
      this.title = el('h2', { id: 'title', tabindex: '-1' });
      this.status = el('div', { class: 'status', id: 'status', role: 'status' });
      this.switch = el('button', { class: 'tool', type: 'button', onclick: () => this.on.language() });
      this.shut = el('button', { class: 'tool', type: 'button', onclick: () => this.on.close() }, icon('close'));
      this.person = el('button', { class: 'person', type: 'button', hidden: true, onclick: () => this.on.askPerson() });
      this.header = el('header', {},
        el('div', { class: 'bar' }, this.face, el('div', { class: 'who' }, this.title, this.status), this.switch, this.shut),
        this.person);

      this.bannerText = el('span');
      this.retry = el('button', { type: 'button', onclick: () => this.on.retry() });
      this.banner = el('div', { class: 'banner', role: 'status', hidden: true }, this.bannerText, this.retry);

      this.older = el('button', { class: 'older', type: 'button', hidden: true, onclick: () => this.on.older() });
      this.introText = el('div', { class: 'bubble' });
      this.introMeta = el('div', { class: 'meta' });
      this.starters = el('div', { class: 'choices', role: 'group' });
      this.intro = el('li', { class: 'bot intro', hidden: true }, this.introText, this.introMeta, this.starters);
      this.list = el('ol', { role: 'list' }, this.intro);
      this.log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' }, this.list);
      this.typingText = el('span');
      this.typingRow = el('div', { class: 'typing', hidden: true }, el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), this.typingText);
      this.scroll = el('div', { class: 'scroll', tabindex: '0', role: 'region', onscroll: () => this.#scrolled() }, this.older, this.log, this.typingRow);
      this.fresh = el('button', { class: 'fresh', type: 'button', hidden: true, onclick: () => this.toBottom() });

      this.input = el('textarea', {
        rows: '1', autocomplete: 'off', enterkeyhint: 'send', 'aria-describedby': 'count',
        oninput: () => this.#typed(), onkeydown: (event) => this.#key(event), onblur: () => this.on.typing(false),
      });
      this.submit = el('button', { class: 'send', type: 'submit', disabled: true }, icon('send'));
      this.as = el('span');
      this.count = el('span', { class: 'count', id: 'count' });
      this.form = el('form', { onsubmit: (event) => { event.preventDefault(); this.#send(); } },
        el('div', { class: 'box' }, this.input, this.submit), el('div', { class: 'foot' }, this.as, this.count));

      this.panel = el('section', { class: 'panel', id: 'panel', role: 'dialog', 'aria-labelledby': 'title', 'aria-describedby': 'status', hidden: true,
        onkeydown: (event) => this.#panelKey(event) },
      this.header, this.banner, el('div', { class: 'middle' }, this.scroll, this.fresh), this.form);

      this.badge = el('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
      this.launcher = el('button', { class: 'launcher', type: 'button', 'aria-expanded': 'false', 'aria-controls': 'panel', 'aria-haspopup': 'dialog',
        onclick: () => (this.opened ? this.on.close() : this.on.open()) });
      this.alert = el('div', { class: 'sr', role: 'alert' });
      this.polite = el('div', { class: 'sr', role: 'status' });
      this.root = el('div', { class: 'root' }, this.panel, this.launcher, this.alert, this.polite);
      root.append(this.root);
      window.visualViewport?.addEventListener('resize', () => this.#fit());
      window.visualViewport?.addEventListener('scroll', () => this.#fit());
    }

    mount() {
      document.body.append(this.host);
    }

    // -- panel

    open(focus) {
      this.opened = true;
      this.before = document.activeElement;
      this.panel.hidden = false;
      this.root.classList.add('open');
      this.launcher.setAttribute('aria-expanded', 'true');
      this.panel.setAttribute('aria-modal', String(this.small));
      if (this.small) {
        this.overflow = document.documentElement.style.overflow;
        document.documentElement.style.overflow = 'hidden';
      }
      this.#fit();
      this.showLauncher(0);
      this.toBottom();
      if (focus) this.focusInput();
    }

    close() {
      this.opened = false;
      this.panel.hidden = true;
      this.root.classList.remove('open');
      this.launcher.setAttribute('aria-expanded', 'false');
      if (this.overflow !== undefined) {
        document.documentElement.style.overflow = this.overflow;
        this.overflow = undefined;
      }
      const back = this.before && this.before !== document.body && this.before !== this.host && this.before.isConnected ? this.before : this.launcher;
      back.focus();
    }

    /** Into the text field; on touch screens to the title, so that the keyboard does not cover the conversation. */
    focusInput() {
      if (matchMedia('(pointer: coarse)').matches) this.title.focus({ preventScroll: true });
      else this.input.focus({ preventScroll: true });
    }

    #fit() {
      const view = window.visualViewport;
      if (!view || !this.opened) return;
      this.root.style.setProperty('--view', `${view.height}px`);
      this.root.style.setProperty('--view-top', `${view.offsetTop}px`);
      if (this.stick) this.scroll.scrollTop = this.scroll.scrollHeight;
    }

    #panelKey(event) {
      if (event.key === 'Escape' && !event.isComposing) {
        event.stopPropagation();
        this.on.close();
      } else if (event.key === 'Tab' && this.small) {
        const stops = [...this.panel.querySelectorAll('button, textarea, a[href], [tabindex="0"]')].filter((node) => !node.disabled && node.offsetParent !== null);
        const at = this.host.shadowRoot.activeElement;
        const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
        if (at === edge || !stops.includes(at)) {
          event.preventDefault();
          stops[event.shiftKey ? stops.length - 1 : 0].focus();
        }
      }
    }

    // -- labels and state

    setLanguage(language) {
      this.language = language;
      const t = this.t;
      this.root.lang = LOCALES[language];
      this.switch.textContent = t.languageShort;
      this.switch.setAttribute('aria-label', t.language);
      this.switch.title = t.language;
      this.switch.lang = LOCALES[language === 'en' ? 'pt' : 'en'];
      this.shut.setAttribute('aria-label', t.close);
      this.shut.title = t.close;
      this.person.replaceChildren(icon('human'), t.askPerson);
      this.scroll.setAttribute('aria-label', t.log);
      this.log.setAttribute('aria-label', t.log);
      this.input.setAttribute('aria-label', t.input);
      this.submit.setAttribute('aria-label', t.send);
      this.submit.title = t.send;
      this.bannerText.textContent = t.offline;
      this.retry.textContent = t.retry;
      this.fresh.replaceChildren(icon('down'), t.fresh);
      this.showLauncher(this.unread ?? 0);
      this.showOwner(this.owner, this.agent);
      this.showTexts(this.texts);
      this.showCustomer(this.customer);
      this.showOlder(this.hasOlder, this.loadingOlder);
      this.showTyping(this.typist, this.typistName);
      this.#counted();
      for (const node of this.nodes.values()) node.li.remove();
      for (const day of this.days.values()) day.remove();
      this.nodes.clear();
      this.days.clear();
      this.on.redraw();
    }

    showLauncher(unread) {
      this.unread = unread;
      const t = this.t;
      const label = this.opened ? t.close : unread ? t.openUnread(unread) : t.open;
      if (unread && !this.opened && this.launcher.getAttribute('aria-label') !== label) this.polite.textContent = label;
      this.launcher.setAttribute('aria-label', label);
      this.badge.hidden = !unread || this.opened;
      this.badge.textContent = unread > 99 ? '99+' : String(unread);
      this.launcher.replaceChildren(icon(this.opened ? 'down' : 'chat'), this.badge);
    }

    showOwner(owner, agent) {
      if (owner !== this.owner) queueMicrotask(() => this.on.redraw());
      this.owner = owner;
      this.agent = agent;
      const t = this.t;
      const text = { bot: t.ownerBot, human: t.ownerHuman(agent), waiting: t.ownerWaiting, closed: t.ownerClosed }[owner] || t.ownerUnknown;
      const kind = ICONS[owner] ? owner : 'chat';
      this.header.dataset.owner = kind;
      if (owner === 'human' && agent) this.face.textContent = initials(agent);
      else this.face.replaceChildren(icon(kind));
      if (this.status.textContent !== text) this.status.replaceChildren(icon(kind), el('span', { text }));
      this.person.hidden = owner !== 'bot';
    }

    showTexts(texts) {
      this.texts = texts || {};
      const t = this.t;
      this.title.textContent = this.texts.title || t.title;
      this.input.placeholder = this.texts.placeholder || t.placeholder;
      this.introText.replaceChildren(...linkify(this.texts.intro || ''));
      const name = this.texts.bot;
      this.introMeta.replaceChildren(icon('bot'), el('span', { class: 'name', text: name ? `${name} · ${t.botMark}` : t.bot }));
      this.starters.setAttribute('aria-label', t.replies);
      const starters = Array.isArray(this.texts.suggestions) ? this.texts.suggestions : t.suggestions;
      this.starters.replaceChildren(...starters.map((text) => el('button', { type: 'button', text, onclick: () => this.on.say(text) })));
      this.#introduce();
    }

    #introduce() {
      const items = this.items || [];
      this.intro.hidden = !this.texts.intro || Boolean(this.hasOlder);
      this.starters.hidden = items.some((item) => item.sender !== 'local');
    }

    showCustomer(customer, loggedIn = this.loggedIn) {
      this.customer = customer;
      this.loggedIn = loggedIn;
      const named = loggedIn ? this.t.asLoggedIn : this.t.asName;
      this.as.textContent = !customer ? '' : customer.name ? named(customer.name) : this.t.asVisitor;
    }

    showOffline(offline) {
      this.banner.hidden = !offline;
    }

    showOlder(has, loading) {
      this.hasOlder = has;
      this.loadingOlder = loading;
      if (!has && this.host.shadowRoot.activeElement === this.older) this.scroll.focus({ preventScroll: true });
      this.older.hidden = !has;
      this.older.disabled = Boolean(loading);
      this.older.textContent = loading ? this.t.olderLoading : this.t.older;
      this.#introduce();
    }

    showTyping(sender, name) {
      this.typist = sender;
      this.typistName = name;
      const t = this.t;
      const text = !sender ? '' : sender === 'agent' ? (name ? t.typing(name) : t.personTyping) : t.botTyping;
      this.typingRow.hidden = !sender;
      this.typingText.textContent = text;
      clearTimeout(this.typingSaid); // read aloud only if it lasts, or each answer would be announced twice
      if (sender) this.typingSaid = setTimeout(() => { this.polite.textContent = text; }, 1500);
      else this.polite.textContent = '';
      if (this.stick) this.toBottom();
    }

    say(text) {
      this.alert.textContent = text;
    }

    // -- writing

    get draft() {
      return this.input.value;
    }

    set draft(text) {
      this.input.value = text;
      this.#grow();
      this.#counted();
    }

    #typed() {
      this.#grow();
      this.#counted();
      this.on.draft(this.input.value);
      this.on.typing(this.input.value.trim() !== '');
    }

    #grow() {
      this.input.style.height = '';
      if (this.input.scrollHeight > this.input.clientHeight) this.input.style.height = `${Math.min(150, this.input.scrollHeight)}px`;
    }

    #counted() {
      const length = lengthOf(this.input.value.trim());
      const left = TEXT_LIMIT - length;
      this.count.textContent = length < COUNTER_FROM ? '' : left >= 0 ? this.t.left(left) : this.t.over(-left);
      this.count.classList.toggle('over', left < 0);
      this.input.setAttribute('aria-invalid', String(left < 0));
      this.submit.disabled = length === 0 || left < 0;
    }

    #key(event) {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#send();
      }
    }

    #send() {
      const text = this.input.value.trim();
      if (!text) return;
      if (lengthOf(text) > TEXT_LIMIT) {
        this.say(this.count.textContent);
        return;
      }
      this.draft = '';
      this.on.draft('');
      this.on.say(text);
    }

    // -- messages

    /** Shows changes of the thread at the next opportunity, all of them at once. */
    refresh(items, item, kind) {
      this.items = items;
      if (item) this.dirty.add(item);
      if (kind === 'removed') {
        this.nodes.get(item)?.li.remove();
        this.nodes.delete(item);
        this.dirty.delete(item);
      }
      if (this.waiting) return;
      this.waiting = true;
      queueMicrotask(() => this.#draw());
    }

    /** While older messages come in, the place on the screen stays and nothing is read aloud. */
    hold() {
      this.held = this.scroll.scrollHeight - this.scroll.scrollTop;
    }

    quiet() {
      this.log.setAttribute('aria-live', 'off');
      clearTimeout(this.loud);
      this.loud = setTimeout(() => this.log.setAttribute('aria-live', 'polite'), 400);
    }

    empty() {
      for (const node of this.nodes.values()) node.li.remove();
      for (const day of this.days.values()) day.remove();
      this.nodes.clear();
      this.days.clear();
      this.dirty.clear();
      this.items = [];
      this.stick = true;
      this.fresh.hidden = true;
      this.#introduce();
    }

    #draw() {
      this.waiting = false;
      const items = this.items;
      const fresh = items.find((item) => this.dirty.has(item) && !this.nodes.has(item) && item.sender !== 'customer');
      const first = this.nodes.size === 0;
      let answer = null;
      let next = null;
      for (let index = items.length - 1; index >= 0; index -= 1) {
        const item = items[index];
        let node = this.nodes.get(item);
        if (!node) {
          node = this.#create();
          this.nodes.set(item, node);
          this.#fill(node, item);
        } else if (this.dirty.has(item)) this.#fill(node, item);
        if (item.sender === 'customer') answer = item;
        else if (node.choices) this.#choices(node, item, answer);
        if (node.li.parentNode !== this.list || this.#after(node.li) !== next) this.list.insertBefore(node.li, next);
        next = node.li;
      }
      this.dirty.clear();
      this.#drawDays();
      this.#introduce();
      if (this.held !== undefined) {
        this.scroll.scrollTop = this.scroll.scrollHeight - this.held;
        this.held = undefined;
      } else if (this.stick) {
        this.toBottom();
        if (fresh && !first) this.#fromItsTop(this.nodes.get(fresh).li);
      } else if (fresh) this.fresh.hidden = false;
    }

    /** News longer than the view are read from their first line on, not from their end. */
    #fromItsTop(li) {
      const above = li.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top - 8;
      if (above >= 0) return;
      this.stick = false;
      this.scroll.scrollTop += above;
    }

    #after(li) {
      let next = li.nextSibling;
      while (next?.classList.contains('day')) next = next.nextSibling;
      return next;
    }

    #create() {
      const node = { li: el('li'), bubble: null, choices: null, cards: null, meta: el('div', { class: 'meta' }), trouble: null };
      node.li.append(node.meta);
      return node;
    }

    #fill(node, item) {
      const t = this.t;
      const mine = item.sender === 'customer';
      node.li.className = `${item.sender}${mine && (item.state === 'queued' || item.state === 'sending') ? ' unsent' : ''}${item.state === 'failed' ? ' lost' : ''}`;
      node.li.dataset.sender = item.sender;
      if (item.seq) node.li.dataset.seq = item.seq;
      if (mine) node.li.setAttribute('aria-live', 'off');
      if (item.text && node.text !== item.text) {
        const bubble = el('div', { class: 'bubble', dir: 'auto' }, ...linkify(item.text));
        if (node.bubble) node.bubble.replaceWith(bubble);
        else node.li.prepend(bubble);
        node.bubble = bubble;
        node.text = item.text;
      }
      if (item.cards.length && !node.cards) {
        node.cards = el('div', { class: 'cards' }, ...item.cards.map((card) => this.#card(card)));
        node.meta.before(node.cards);
      }
      if (item.buttons.length && !node.choices) {
        node.choices = el('div', { class: 'choices', role: 'group', 'aria-label': t.replies });
        node.meta.after(node.choices);
      }
      this.#meta(node, item);
      this.#trouble(node, item);
    }

    #meta(node, item) {
      if (item.sender === 'local') {
        node.meta.hidden = true;
        return;
      }
      const t = this.t;
      const at = new Date(item.at);
      const names = {
        customer: t.you, system: t.system,
        bot: item.name ? `${item.name} · ${t.botMark}` : t.bot,
        agent: item.name ? `${item.name} · ${t.agentMark}` : t.agent,
      };
      const parts = [];
      if (item.sender === 'bot') parts.push(icon('bot'));
      if (item.sender === 'agent') parts.push(icon('human'));
      parts.push(el('span', { class: 'name', text: names[item.sender] || item.sender }), el('span', { class: 'dot', 'aria-hidden': 'true', text: '·' }),
        el('time', { datetime: item.at, title: at.toLocaleString(LOCALES[this.language]), text: at.toLocaleTimeString(LOCALES[this.language], { hour: '2-digit', minute: '2-digit' }) }));
      if (item.sender === 'customer') {
        const state = { queued: this.offline ? t.queued : t.sending, sending: t.sending, sent: t.sent, read: t.read, failed: t.failed }[item.state];
        parts.push(el('span', { class: 'dot', 'aria-hidden': 'true', text: '·' }));
        if (item.state === 'failed') parts.push(icon('alert'));
        else if (item.state === 'sent' || item.state === 'read') parts.push(icon('check'));
        parts.push(el('span', { class: 'state', text: state }));
      }
      node.meta.replaceChildren(...parts);
    }

    #trouble(node, item) {
      node.trouble?.remove();
      node.trouble = null;
      clearInterval(node.ticking);
      if (item.state !== 'failed') return;
      const t = this.t;
      node.trouble = el('div', { class: 'trouble' }, el('span', { text: item.reason || t.broken }));
      if (!item.hopeless) {
        const again = el('button', { type: 'button', text: t.again, onclick: () => this.on.again(item) });
        const tick = () => {
          const left = Math.ceil(((item.notBefore || 0) - Date.now()) / 1000);
          again.disabled = left > 0;
          again.textContent = left > 0 ? t.againIn(left) : t.again;
          if (left <= 0) clearInterval(node.ticking);
        };
        node.ticking = setInterval(tick, 500);
        tick();
        node.trouble.append(again);
      }
      node.trouble.append(el('button', { type: 'button', text: t.edit, onclick: () => this.on.edit(item) }));
      node.li.append(node.trouble);
    }

    /**
     * Quick replies: open until one is used, here or in another tab, or the customer has gone on with `answer`.
     * The way out of the queue (a control of the app) stays open as long as somebody waits.
     */
    #choices(node, item, answer) {
      const t = this.t;
      const choice = item.chosen ?? item.buttons.find((button) => button.title === answer?.text)?.title ?? null;
      const used = choice !== null;
      const waiting = this.owner === 'waiting';
      const print = JSON.stringify([item.buttons, choice, Boolean(answer), waiting]);
      if (node.print === print) return;
      node.print = print;
      const held = node.choices.contains(this.host.shadowRoot.activeElement);
      node.choices.replaceChildren(...item.buttons.map((button) => {
        const chosen = used && (choice === button.payload || choice === button.title);
        return el('button', { type: 'button', disabled: used || Boolean(answer && !(waiting && button.payload?.startsWith('app:'))), 'aria-pressed': used ? String(chosen) : null, onclick: () => this.on.choose(item, button) },
          chosen ? icon('check') : null, el('span', { text: button.title }), chosen ? el('span', { class: 'sr', text: `(${t.chosen})` }) : null);
      }));
      if (held) this.focusInput();
    }

    #card(card) {
      const t = this.t;
      const inside = el('div', { class: 'inside' }, el('h3', {}, el('span', { text: card.title || '' }), card.price ? el('span', { text: card.price }) : null));
      if (card.text) inside.append(el('p', { text: card.text }));
      if (card.reason) inside.append(el('p', { class: 'reason' }, el('b', { text: `${t.why}: ` }), card.reason));
      const href = card.url ? safeAddress(card.url, location.href) : null;
      if (href) {
        const away = new URL(href).origin !== location.origin;
        inside.append(el('a', { href, target: away ? '_blank' : null, rel: 'noopener', onclick: (event) => this.on.product(event, card) }, t.view, icon('arrow')));
      }
      const node = el('article', { class: 'card', 'aria-label': card.title || null }, inside);
      const image = card.image ? safeAddress(card.image, HOME.href) : null;
      if (image) node.prepend(el('img', { src: image, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer', onerror: (event) => event.target.remove() }));
      return node;
    }

    #drawDays() {
      const today = new Date().toDateString();
      const wanted = new Map();
      let before = today;
      for (const item of this.items) {
        if (item.sender === 'local') continue;
        const day = new Date(item.at).toDateString();
        if (day !== before) wanted.set(day, item);
        before = day;
      }
      for (const [day, li] of this.days) {
        if (wanted.has(day)) continue;
        li.remove();
        this.days.delete(day);
      }
      for (const [day, item] of wanted) {
        let li = this.days.get(day);
        if (!li) {
          li = el('li', { class: 'day', 'aria-live': 'off' }, el('span', { text: this.#dayName(new Date(item.at)) }));
          this.days.set(day, li);
        }
        const first = this.nodes.get(item).li;
        if (first.previousSibling !== li) first.before(li);
      }
    }

    #dayName(date) {
      const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
      if (days === 0) return this.t.today;
      if (days === 1) return this.t.yesterday;
      const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
      return date.toLocaleDateString(LOCALES[this.language], { weekday: 'short', day: 'numeric', month: 'long', year });
    }

    // -- scrolling

    toBottom() {
      this.stick = true;
      this.fresh.hidden = true;
      this.scroll.scrollTop = this.scroll.scrollHeight;
      if (this.opened) this.on.seen();
    }

    #scrolled() {
      const { scrollTop, scrollHeight, clientHeight } = this.scroll;
      this.stick = scrollHeight - scrollTop - clientHeight < 40;
      if (this.stick) {
        this.fresh.hidden = true;
        this.on.seen();
      }
      if (scrollTop < 60 && scrollHeight > clientHeight) this.on.older();
    }
  }

  // ---------------------------------------------------------------- assembly

  const lasting = memory('localStorage');
  const passing = memory('sessionStorage');

  /** Joins memory, connection, thread and view; the only place that knows all four. */
  class Chat {
    constructor() {
      const stored = lasting.read('identity') || {};
      const login = SCRIPT?.dataset.login || null;
      this.identity = { session: stored.session || null, epoch: stored.epoch || uuid(), loggedIn: Boolean(stored.loggedIn) };
      this.login = login;
      if (login && !this.identity.loggedIn) this.identity.epoch = uuid();
      this.seenSeq = lasting.read('seen')?.epoch === this.identity.epoch ? lasting.read('seen').seq : null;
      const chosen = lasting.read('language');
      this.languageChosen = Boolean(chosen || SCRIPT?.dataset.language);
      this.language = this.#known(chosen || SCRIPT?.dataset.language || document.documentElement.lang || navigator.language);

      this.thread = new Thread((item, kind) => this.view?.refresh(this.thread.items, item, kind));
      this.view = new View({
        open: () => this.open(), close: () => this.close(), say: (text) => this.say(text), askPerson: () => this.say(TEXTS[this.language].askPersonText),
        choose: (item, button) => this.choose(item, button), again: (item) => this.again(item), edit: (item) => this.edit(item),
        language: () => this.setLanguage(this.language === 'en' ? 'pt' : 'en'), retry: () => this.connection.restart(), older: () => this.older(),
        typing: (on) => this.typing(on), draft: (text) => passing.write('draft', text || null), seen: () => this.seen(),
        redraw: () => this.view?.refresh(this.thread.items), product: (event, card) => this.product(event, card),
      });
      const url = new URL('chat', HOME);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      url.search = '';
      this.connection = new Connection({ url: url.href, hello: () => this.#hello(), frame: (frame) => this.#frame(frame), state: (state) => this.#state(state) });
    }

    start() {
      this.view.setLanguage(this.language);
      this.view.mount();
      const queue = passing.read('queue');
      if (queue?.epoch === this.identity.epoch) for (const held of queue.items) this.thread.write(held.text, held.payload, held.id, 'queued', held.at);
      this.view.draft = passing.read('draft') || '';
      window.addEventListener('storage', (event) => this.#elsewhere(event));
      window.addEventListener('online', () => this.connection.check());
      window.addEventListener('offline', () => this.connection.ready && this.connection.lost());
      window.addEventListener('pagehide', () => this.connection.stop());
      window.addEventListener('pageshow', (event) => event.persisted && this.#wanted() && this.connection.start());
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState !== 'visible') return;
        if (this.connection.state !== 'idle') this.connection.check();
        this.seen();
      });
      if (this.#wanted()) this.connection.start();
      if (passing.read('open')) this.open(undefined, false);
    }

    // -- what pages and people call

    open(draft, focus = true) {
      if (typeof draft === 'string' && draft) {
        this.view.draft = draft;
        passing.write('draft', draft);
      }
      if (!this.view.opened) {
        passing.write('open', true);
        if (this.identity.loggedIn && !this.login && !this.welcomed) this.#leave();
        this.view.open(focus);
        this.connection.start();
        this.seen();
      } else if (focus) this.view.focusInput();
    }

    close() {
      if (!this.view.opened) return;
      passing.write('open', null);
      this.typing(false);
      this.view.close();
      this.#unread();
    }

    /** From now on this is the person the token names; what an anonymous visitor has said so far stays with him. */
    logIn(token) {
      if (!token) return;
      if (this.identity.loggedIn) this.#leave();
      this.login = token;
      this.identity.epoch = uuid(); // other tabs follow when the server has confirmed it
      this.#forgetThread();
      this.connection.restart();
    }

    /** Forgets who this is: on a shared computer nothing of the conversation remains. */
    logOut() {
      this.#leave();
      this.#keep();
      if (this.view.opened) this.connection.restart();
      else this.connection.stop();
    }

    setLanguage(language, chosen = true) {
      const known = this.#known(language);
      if (chosen) {
        this.languageChosen = true;
        lasting.write('language', known);
      }
      if (known === this.language) return;
      this.language = known;
      this.view.setLanguage(known);
      this.#quietly();
      if (chosen && this.connection.state !== 'idle') this.connection.restart();
      if (chosen) window.dispatchEvent(new CustomEvent('vinculo:language', { detail: { language: known } }));
    }

    // -- writing

    say(text, payload = null) {
      this.typing(false);
      const item = this.thread.write(text, payload);
      this.view.toBottom();
      this.#keepQueue();
      this.connection.start();
      this.#flush();
      return item;
    }

    choose(item, button) {
      if (item.chosen !== null) return;
      item.chosen = button.payload ?? button.title;
      this.view.refresh(this.thread.items, item);
      this.say(button.title, button.payload ?? null);
    }

    again(item) {
      Object.assign(item, { state: 'queued', reason: null, tries: 0 });
      this.view.refresh(this.thread.items, item);
      this.#keepQueue();
      this.connection.start();
      this.#flush();
    }

    edit(item) {
      this.thread.remove(item);
      this.#keepQueue();
      this.view.draft = [this.view.draft, item.text].filter(Boolean).join('\n');
      passing.write('draft', this.view.draft);
      this.view.input.focus();
    }

    /** Sends what waits, one message at a time, so that the order holds; the same id each time, so that nothing is stored twice. */
    #flush() {
      if (!this.connection.ready || this.inFlight) return;
      const pause = (this.holdUntil || 0) - Date.now();
      const item = this.thread.unconfirmed.find((one) => one.state === 'queued');
      if (!item) return;
      if (pause > 0) {
        clearTimeout(this.pause);
        this.pause = setTimeout(() => this.#flush(), pause + 50);
        return;
      }
      if (!this.connection.send({ type: 'message', id: item.clientId, text: item.text, payload: item.payload ?? null })) return;
      item.state = 'sending';
      item.tries += 1;
      this.inFlight = item;
      this.ackTimer = setTimeout(() => this.#unanswered(item), ACK_TIMEOUT_MS);
      this.view.refresh(this.thread.items, item);
    }

    #unanswered(item) {
      this.#landed();
      if (item.tries >= MAX_TRIES) this.#failed(item, TEXTS[this.language].noAck);
      else item.state = 'queued';
      this.connection.lost();
    }

    #landed() {
      clearTimeout(this.ackTimer);
      this.inFlight = null;
    }

    #failed(item, reason, { hopeless = false, waitS = 0 } = {}) {
      Object.assign(item, { state: 'failed', reason, hopeless, notBefore: Date.now() + waitS * 1000 });
      this.view.refresh(this.thread.items, item);
      this.view.say(`${TEXTS[this.language].failed}: ${reason}`);
      this.#keepQueue();
    }

    /** What is not confirmed survives a reload of this tab. */
    #keepQueue() {
      const items = this.thread.unconfirmed.map((item) => ({ id: item.clientId, text: item.text, payload: item.payload ?? null, at: item.at }));
      passing.write('queue', items.length ? { epoch: this.identity.epoch, items } : null);
    }

    /** Tells a waiting or answering person that the customer is writing; the bot need not know. */
    typing(on) {
      clearTimeout(this.typingStop);
      if (on) this.typingStop = setTimeout(() => this.typing(false), 5000);
      const now = Date.now();
      const personal = this.view.owner === 'human' || this.view.owner === 'waiting';
      if (on ? !personal || now - (this.typingSent || 0) < 3000 : !this.typingSent) return;
      this.typingSent = on ? now : 0;
      if (this.connection.ready) this.connection.send({ type: 'typing', on });
    }

    // -- reading

    seen() {
      const last = this.thread.last;
      if (last === null || !this.view.opened || !this.view.stick || document.visibilityState !== 'visible' || last <= (this.seenSeq ?? -1)) return;
      this.#markSeen(last);
      if (this.connection.ready) this.connection.send({ type: 'seen', seq: last });
    }

    #markSeen(seq) {
      this.seenSeq = seq;
      lasting.write('seen', { epoch: this.identity.epoch, seq });
      this.#unread();
    }

    #unread() {
      const count = this.thread.items.filter((item) => (item.sender === 'bot' || item.sender === 'agent') && item.seq > (this.seenSeq ?? Infinity)).length;
      this.view.showLauncher(count);
    }

    older() {
      const before = this.thread.oldest;
      if (!this.hasOlder || this.loadingOlder || before === null || !this.connection.ready) return;
      this.connection.send({ type: 'history', before });
      this.#older(true, true);
    }

    #older(has, loading) {
      this.hasOlder = has;
      this.loadingOlder = loading;
      this.view.showOlder(has, loading);
    }

    product(event, card) {
      const go = window.dispatchEvent(new CustomEvent('vinculo:product', { cancelable: true, detail: { product: card.product || null, url: card.url || null } }));
      if (!go) event.preventDefault();
      if (this.view.small) this.close();
    }

    // -- frames

    #hello() {
      this.helloSession = this.identity.session;
      this.helloLogin = this.login;
      this.helloAfter = this.thread.last;
      return { type: 'hello', session: this.helloSession, login: this.helloLogin, language: this.language, after: this.helloAfter };
    }

    #frame(frame) {
      const handlers = {
        welcome: () => this.#welcome(frame),
        ack: () => this.#acknowledged(frame.id, frame.seq),
        message: () => this.#arrived(frame.message),
        changed: () => this.#arrived(frame.message),
        typing: () => frame.sender !== 'customer' && this.#typist(frame.on ? frame.sender : null),
        owner: () => this.view.showOwner(frame.owner, frame.agent),
        history: () => this.#history(frame),
        error: () => this.#refused(frame),
      };
      handlers[frame.type]?.();
    }

    #welcome(frame) {
      const stored = lasting.read('identity');
      if (!this.helloSession && !this.helloLogin && stored?.epoch === this.identity.epoch && stored.session && stored.session !== frame.session) {
        this.identity.session = stored.session; // another tab was first: both show its thread
        this.connection.restart();
        return;
      }
      this.identity.session = frame.session;
      if (!this.helloSession && !this.helloLogin) this.newUntil = Date.now() + 3000;
      if (this.helloLogin) {
        this.identity.loggedIn = true;
        if (this.login === this.helloLogin) this.login = null;
      }
      this.welcomed = true;
      this.#keep();
      if (frame.conversation && this.thread.conversation && frame.conversation !== this.thread.conversation) {
        const waiting = this.thread.unconfirmed;
        this.#forgetThread();
        for (const item of waiting) this.thread.write(item.text, item.payload, item.clientId, 'queued', item.at);
        if (this.helloAfter !== null) {
          this.connection.restart();
          return;
        }
      }
      this.#quietly();
      const messages = frame.messages || [];
      for (const message of messages) this.thread.take(message);
      this.thread.conversation = frame.conversation || this.thread.conversation;
      if (frame.language !== this.language && !this.languageChosen && TEXTS[frame.language]) this.setLanguage(frame.language, false);
      this.view.showOwner(frame.owner, frame.agent);
      this.view.showTexts(frame.texts?.[this.language] || frame.texts);
      this.view.showCustomer(frame.customer, this.identity.loggedIn);
      this.#typist(null);
      if (this.helloAfter === null) this.#older(frame.more ?? (this.thread.oldest ?? 1) > 1, false);
      else this.#older(this.hasOlder, false);
      this.seen();
      if (this.seenSeq === null) this.#markSeen(this.thread.last ?? 0);
      this.#unread();
      this.#landed();
      for (const item of this.thread.unconfirmed) if (item.state === 'sending') item.state = 'queued';
      this.#keepQueue();
      if (this.helloAfter !== null && messages.length >= PAGE) this.connection.restart(); // more than one page was missed
      else this.#flush();
    }

    #acknowledged(id, seq) {
      if (this.inFlight?.clientId === id) this.#landed();
      this.thread.acknowledge(id, seq);
      this.#keepQueue();
      this.#flush();
    }

    #arrived(message) {
      const item = this.thread.take(message);
      if (!item) return;
      if (item.sender === 'customer' && this.inFlight === item) this.#acknowledged(item.clientId, item.seq);
      if (item.sender === this.view.typist) this.#typist(null);
      if (!this.view.opened || document.visibilityState !== 'visible') this.#unread();
    }

    #typist(sender) {
      clearTimeout(this.typistTimer);
      if (sender) this.typistTimer = setTimeout(() => this.view.showTyping(null), TYPING_SHOWN_MS);
      this.view.showTyping(sender, sender === 'agent' ? this.view.agent : null);
    }

    #history(frame) {
      this.view.hold();
      this.#quietly();
      for (const message of frame.messages || []) this.thread.take(message);
      this.#older(Boolean(frame.more), false);
      this.view.refresh(this.thread.items);
    }

    #refused(frame) {
      const t = TEXTS[this.language];
      const code = frame.code !== 'bad_token' ? frame.code : this.helloLogin ? 'bad_login' : 'bad_session';
      if ((code === 'bad_session' && !this.helloSession) || (code === 'bad_login' && !this.helloLogin)) {
        this.connection.lost(); // nothing to drop: asking again at once would go round in circles
      } else if (code === 'session_taken') {
        this.identity.session = null; // of another person: the log-in counts, in a thread of its own
        this.#forgetThread();
        this.connection.restart();
      } else if (code === 'bad_session') {
        this.#beginAnew();
        this.thread.notice(t.newSession);
        this.connection.restart();
      } else if (code === 'bad_login') {
        this.login = null;
        this.thread.notice(t.badLogin);
        this.connection.restart();
      } else {
        const waitS = frame.retry_after_s || 0;
        if (waitS) this.holdUntil = Date.now() + waitS * 1000;
        const known = { too_fast: t.tooFast, too_long: t.tooLong, empty_text: t.empty, internal: t.broken }[code];
        const reason = known ? [known, waitS ? t.wait(Math.ceil(waitS)) : ''].join(' ').trim() : frame.message || t.broken;
        const item = frame.id ? this.thread.byClientId(frame.id) : null;
        if (item && this.inFlight === item) this.#landed();
        if (item) this.#failed(item, reason, { waitS, hopeless: ['too_long', 'empty_text'].includes(frame.code) });
        else this.thread.notice(reason);
        if (this.loadingOlder) this.#older(true, false);
        this.#flush();
      }
    }

    // -- identity and other tabs

    #keep() {
      lasting.write('identity', this.identity);
    }

    #leave() {
      this.login = null;
      this.welcomed = false;
      this.identity = { session: null, epoch: uuid(), loggedIn: false };
      passing.write('queue', null);
      passing.write('draft', null);
      this.view.draft = '';
      this.#forgetThread();
    }

    /** After a session that the server does not know: what is written and not yet sent stays, unless it may be another person's. */
    #beginAnew() {
      const { login } = this;
      const same = !this.identity.loggedIn || login;
      const waiting = same ? this.thread.unconfirmed : [];
      const draft = same ? this.view.draft : '';
      this.#leave();
      this.login = login;
      this.view.draft = draft;
      passing.write('draft', draft || null);
      for (const item of waiting) this.thread.write(item.text, item.payload, item.clientId, 'queued', item.at);
      this.#keepQueue();
      this.#keep();
    }

    #forgetThread() {
      this.#landed();
      this.thread.clear();
      this.seenSeq = null;
      this.view.empty();
      this.view.showOwner(null, null);
      this.view.showCustomer(null);
      this.#older(false, false);
      this.#unread();
    }

    /** Another tab of this site logged in or out, or began anew: follow it. Renewed tokens of the same identity are no news. */
    #elsewhere(event) {
      if (event.key === lasting.key('seen')) {
        const seen = lasting.read('seen');
        if (seen?.epoch === this.identity.epoch && seen.seq > (this.seenSeq ?? -1)) {
          this.seenSeq = seen.seq;
          this.#unread();
          clearTimeout(this.catchUp); // another tab has shown more than we have: ask, if it does not come by itself
          this.catchUp = setTimeout(() => this.connection.ready && seen.seq > (this.thread.last ?? 0) && this.connection.restart(), 700);
        }
      }
      if (event.key !== lasting.key('identity')) return;
      const stored = lasting.read('identity');
      if (!stored) return;
      if (stored.epoch === this.identity.epoch) {
        // two tabs began at the same moment: both take the smaller of the two new sessions
        if (Date.now() > (this.newUntil || 0) || !stored.session || !this.identity.session || stored.session === this.identity.session) return;
        if (stored.session > this.identity.session) {
          this.#keep();
          return;
        }
      }
      this.login = null;
      this.identity = { session: stored.session, epoch: stored.epoch, loggedIn: stored.loggedIn };
      this.welcomed = true;
      this.#forgetThread();
      if (this.view.opened || stored.session) this.connection.restart();
      else this.connection.stop();
    }

    /** A connection without being asked: only for somebody who has talked before or is logged in. */
    #wanted() {
      return Boolean(this.login || (this.identity.session && !this.identity.loggedIn) || this.view.opened);
    }

    #state(state) {
      if (state !== 'ready') this.#landed();
      const show = (offline) => {
        this.view.offline = offline;
        this.view.showOffline(offline);
        for (const item of this.thread.unconfirmed) {
          if (offline && item.state === 'sending') item.state = 'queued';
          this.view.refresh(this.thread.items, item);
        }
      };
      if (state === 'ready' || state === 'idle') {
        clearTimeout(this.offlineTimer);
        this.offlineTimer = null;
        show(false);
      } else this.offlineTimer ??= setTimeout(() => show(true), navigator.onLine === false ? 0 : 2000);
      if (state !== 'ready') this.#typist(null);
    }

    #quietly() {
      this.view.quiet();
    }

    #known(language) {
      const short = String(language || '').slice(0, 2).toLowerCase();
      return TEXTS[short] ? short : 'en';
    }
  }

  const chat = new Chat();
  const begin = () => {
    chat.start();
    window.dispatchEvent(new CustomEvent('vinculo:ready'));
  };
  window.vinculo = Object.freeze({
    open: (draft) => chat.open(draft),
    close: () => chat.close(),
    login: (token) => chat.logIn(token),
    logout: () => chat.logOut(),
    setLanguage: (language) => chat.setLanguage(language),
  });
  if (document.body) begin();
  else document.addEventListener('DOMContentLoaded', begin, { once: true });
})();
