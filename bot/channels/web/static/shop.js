/* The demo shop: products from /demo/shop.json, languages, demo log-ins, and the chat widget as any site would put it in. */
(() => {
  'use strict';

  const TEXTS = {
    en: {
      skip: 'To the products', language: 'Language', categories: 'Categories', team: 'For the team',
      eyebrow: 'Demo shop', headline: 'A shop that remembers how you like it.',
      lead: 'Say what you are looking for, in your own words. The assistant knows the whole shelf, keeps what you tell it, and calls a person when you want one.',
      ask: 'Ask for a recommendation', askDraft: 'What do you recommend for me?', browse: 'See the shelf',
      products: 'On the shelf', all: 'Everything', number: (n) => `${n} ${n === 1 ? 'product' : 'products'}`, askAbout: 'Ask about it',
      askAboutDraft: (name) => `I would like to know more about ${name}.`, aboutLabel: (name) => `Ask about ${name}`,
      logIn: 'Log in', logInAs: ' as…', account: (name) => `Logged in as ${name}. Change or log out.`, logOut: 'Log out', change: 'Change',
      loginTitle: 'Log in as a demo customer', loginText: 'Each of them has orders and a history of their own. Watch how the same words get a different answer.',
      known: (name) => `You are logged in as ${name}.`, knownText: 'The chat knows your orders and what you said before.', close: 'Close',
      promiseTitle: 'What you can expect of the chat',
      promise1: 'It says what it is', promise1Text: 'A bot is called a bot. When a person takes over, you see the name.',
      promise2: 'You say things once', promise2Text: 'What you told it stays with your conversation, on every page and after every pause.',
      promise3: 'A person when you ask', promise3Text: '“I want to talk to a person” is enough. Nothing has to be told again.',
      invented: 'This company is invented. Its customers and orders are synthetic, made for the demonstration.',
      desk: 'Support desk', managers: 'Managers',
      noProducts: 'The products could not be loaded. Reload the page, or try again in a minute.', noLogin: 'The log-in did not work. Try again in a minute.',
      noLogins: 'There are no demo customers yet.',
    },
    pt: {
      skip: 'Ir para os produtos', language: 'Idioma', categories: 'Categorias', team: 'Para a equipe',
      eyebrow: 'Loja de demonstração', headline: 'Uma loja que lembra do seu jeito.',
      lead: 'Conte o que você procura, com as suas palavras. O assistente conhece a prateleira inteira, guarda o que você diz e chama uma pessoa quando você quiser.',
      ask: 'Pedir uma recomendação', askDraft: 'O que você recomenda para mim?', browse: 'Ver a prateleira',
      products: 'Na prateleira', all: 'Tudo', number: (n) => `${n} ${n === 1 ? 'produto' : 'produtos'}`, askAbout: 'Perguntar sobre ele',
      askAboutDraft: (name) => `Quero saber mais sobre ${name}.`, aboutLabel: (name) => `Perguntar sobre ${name}`,
      logIn: 'Entrar', logInAs: ' como…', account: (name) => `Você entrou como ${name}. Trocar ou sair.`, logOut: 'Sair', change: 'Trocar',
      loginTitle: 'Entrar como cliente de demonstração', loginText: 'Cada cliente tem os seus pedidos e a sua história. Veja como as mesmas palavras recebem respostas diferentes.',
      known: (name) => `Você entrou como ${name}.`, knownText: 'A conversa conhece os seus pedidos e o que você já disse.', close: 'Fechar',
      promiseTitle: 'O que você pode esperar da conversa',
      promise1: 'Ela diz quem está falando', promise1Text: 'Um bot é chamado de bot. Quando uma pessoa assume, você vê o nome dela.',
      promise2: 'Você conta uma vez só', promise2Text: 'O que você disse fica na sua conversa, em todas as páginas e depois de qualquer pausa.',
      promise3: 'Uma pessoa quando você pedir', promise3Text: '“Quero falar com uma pessoa” basta. Você não precisa repetir nada.',
      invented: 'Esta empresa é inventada. Os clientes e os pedidos são sintéticos, feitos para a demonstração.',
      desk: 'Atendimento', managers: 'Gestão',
      noProducts: 'Não foi possível carregar os produtos. Recarregue a página ou tente de novo em um minuto.', noLogin: 'O login não funcionou. Tente de novo em um minuto.',
      noLogins: 'Ainda não há clientes de demonstração.',
    },
  };

  // ---------------------------------------------------------------- helpers

  const byId = (id) => document.getElementById(id);

  function store(name, value) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(`shop:${name}`));
      if (value === null) localStorage.removeItem(`shop:${name}`);
      else localStorage.setItem(`shop:${name}`, JSON.stringify(value));
    } catch { /* storage forbidden: the choice lasts for this page only */ }
    return value ?? null;
  }

  function el(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === 'class') node.className = value;
      else if (name === 'text') node.textContent = value;
      else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? '' : String(value));
    }
    node.append(...children.filter(Boolean));
    return node;
  }

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const initials = (name) => name.split(/\s+/).map((word) => word[0]).filter((_, index, all) => index === 0 || index === all.length - 1).join('').toUpperCase();

  // ---------------------------------------------------------------- drawings

  const DRAWINGS = [
    // words in id or category, and the shape: [class, element, attributes]
    [/drip(?!per)|sachet/, [['b', 'rect', { x: 52, y: 74, width: 96, height: 92, rx: 6 }], ['d', 'path', { d: 'M52 80a6 6 0 0 1 6-6h84a6 6 0 0 1 6 6v18H52z' }], ['w', 'path', { d: 'M66 44h30v40H66zM104 52h30v32h-30z' }], ['l', 'path', { d: 'M72 54h18M72 61h12M110 62h18M110 69h12' }], ['w', 'rect', { x: 68, y: 112, width: 64, height: 38, rx: 4 }]]],
    [/capsul|cápsul/, [['b', 'rect', { x: 42, y: 96, width: 116, height: 68, rx: 7 }], ['d', 'path', { d: 'M42 103a7 7 0 0 1 7-7h102a7 7 0 0 1 7 7v11H42z' }], ['d', 'path', { d: 'M60 62h30l-4 26H64zM110 62h30l-4 26h-22z' }], ['w', 'path', { d: 'M56 56h38v8H56zM106 56h38v8h-38z' }], ['w', 'rect', { x: 66, y: 126, width: 68, height: 24, rx: 4 }]]],
    [/kettle|chaleira/, [['o', 'path', { d: 'M130 92c28-10 36 22 22 46' }], ['o', 'path', { d: 'M66 112c-22-2-16-40-38-42' }], ['b', 'path', { d: 'M68 84h62l12 70a10 10 0 0 1-10 12H66a10 10 0 0 1-10-12z' }], ['d', 'path', { d: 'M72 74h54l4 12H68z' }], ['d', 'circle', { cx: 99, cy: 68, r: 7 }]]],
    [/press|prensa/, [['l', 'path', { d: 'M100 34v34' }], ['d', 'circle', { cx: 100, cy: 34, r: 8 }], ['o', 'path', { d: 'M136 92h12a10 10 0 0 1 10 10v30a10 10 0 0 1-10 10h-12' }], ['w', 'rect', { x: 62, y: 74, width: 76, height: 92, rx: 8 }], ['d', 'path', { d: 'M62 110h76v48a8 8 0 0 1-8 8H70a8 8 0 0 1-8-8z' }], ['b', 'rect', { x: 56, y: 64, width: 88, height: 14, rx: 6 }]]],
    [/moka|cafeteira/, [['o', 'path', { d: 'M128 62c30 2 26 40 12 66' }], ['d', 'circle', { cx: 98, cy: 42, r: 7 }], ['d', 'path', { d: 'M72 58l10-10h32l10 10z' }], ['b', 'path', { d: 'M62 58h70l-16 46H80l-10-30z' }], ['d', 'rect', { x: 76, y: 104, width: 44, height: 12, rx: 3 }], ['b', 'path', { d: 'M78 116h40l12 44a6 6 0 0 1-6 7H72a6 6 0 0 1-6-7z' }]]],
    [/grind|moedor|moinho/, [['o', 'path', { d: 'M100 46h44' }], ['d', 'circle', { cx: 148, cy: 46, r: 9 }], ['d', 'rect', { x: 76, y: 52, width: 48, height: 14, rx: 5 }], ['b', 'path', { d: 'M72 66h56l-5 44H77z' }], ['w', 'rect', { x: 76, y: 110, width: 48, height: 56, rx: 8 }], ['l', 'path', { d: 'M84 138h32M84 148h32' }]]],
    [/scale|balan/, [['w', 'path', { d: 'M74 72h52l-6 40H80z' }], ['d', 'rect', { x: 48, y: 112, width: 104, height: 14, rx: 5 }], ['b', 'rect', { x: 40, y: 126, width: 120, height: 36, rx: 9 }], ['w', 'rect', { x: 78, y: 136, width: 44, height: 16, rx: 4 }]]],
    [/filter(?!.*(beans|ground))|filtro/, [['w', 'path', { d: 'M44 58h112l-42 96a8 8 0 0 1-8 5H94a8 8 0 0 1-8-5z' }], ['b', 'path', { d: 'M44 58h112l-7 16H51z' }], ['l', 'path', { d: 'M68 84l26 62M100 84v62M132 84l-26 62' }]]],
    [/jar|canister|pote|storage|tin(?![a-z])|lata/, [['d', 'rect', { x: 60, y: 48, width: 80, height: 20, rx: 7 }], ['b', 'rect', { x: 56, y: 68, width: 88, height: 98, rx: 12 }], ['w', 'rect', { x: 70, y: 92, width: 60, height: 44, rx: 5 }], ['l', 'path', { d: 'M80 108h40M86 120h28' }]]],
    [/cup|mug|xícara|xicara|caneca|copo/, [['o', 'path', { d: 'M134 92h12a18 18 0 0 1 0 36h-16' }], ['b', 'path', { d: 'M54 80h84v32a40 40 0 0 1-40 40h-4a40 40 0 0 1-40-40z' }], ['d', 'ellipse', { cx: 96, cy: 81, rx: 42, ry: 7 }], ['w', 'path', { d: 'M40 154h112a50 9 0 0 1-112 0z' }], ['s', 'path', { d: 'M80 62c-8-10 8-14 0-26M98 62c-8-10 8-14 0-26M116 62c-8-10 8-14 0-26' }]]],
    [/gift|presente|card|cartão|kit/, [['b', 'rect', { x: 48, y: 84, width: 104, height: 80, rx: 6 }], ['d', 'rect', { x: 42, y: 70, width: 116, height: 24, rx: 5 }], ['w', 'path', { d: 'M92 70h16v94H92z' }], ['o', 'path', { d: 'M100 70c-14-34-46-28-38-8 4 9 24 8 38 8zM100 70c14-34 46-28 38-8-4 9-24 8-38 8z' }]]],
    [/brew|dripper|coador|método|preparo/, [['w', 'path', { d: 'M72 112h56l12 44a8 8 0 0 1-8 10H68a8 8 0 0 1-8-10z' }], ['d', 'path', { d: 'M65 138h70l5 18a8 8 0 0 1-8 10H68a8 8 0 0 1-8-10z' }], ['o', 'path', { d: 'M144 66h10a10 10 0 0 1 0 22h-18' }], ['b', 'path', { d: 'M46 50h108l-34 52H80z' }], ['d', 'rect', { x: 66, y: 102, width: 68, height: 9, rx: 4 }]]],
  ];
  const BAG = [['b', 'path', { d: 'M58 56h84l7 104a8 8 0 0 1-8 8H59a8 8 0 0 1-8-8z' }], ['d', 'path', { d: 'M58 56l4-20h76l4 20z' }], ['w', 'rect', { x: 67, y: 82, width: 66, height: 66, rx: 5 }]];
  const EMBLEMS = [
    [['e', 'path', { d: 'M84 118a16 16 0 0 1 32 0z' }], ['l', 'path', { d: 'M76 124h48M84 132h32M92 139h16' }]],
    [['e', 'path', { d: 'M74 126l17-26 10 14 8-10 17 22z' }], ['l', 'path', { d: 'M80 136h40' }]],
    [['e', 'path', { d: 'M100 96c16 8 16 26 0 36-16-10-16-28 0-36z' }], ['l', 'path', { d: 'M100 104v34' }]],
    [['e', 'circle', { cx: 100, cy: 110, r: 14 }], ['l', 'path', { d: 'M78 134c8-6 14 6 22 0s14 6 22 0' }]],
    [['e', 'path', { d: 'M100 94l6 13 14 1-11 9 4 14-13-8-13 8 4-14-11-9 14-1z' }]],
  ];
  const TONES = 8;

  function hash(text) {
    let value = 2166136261;
    for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 16777619) >>> 0;
    return value;
  }

  /** A picture for a product that has none: the shape from its kind, colour and emblem from its name. */
  function drawing(product) {
    const family = hash(product.name.split(/[,(]/)[0].split(/ em | em /)[0].trim().toLowerCase());
    const about = `${product.category || ''} ${product.id}`.toLowerCase();
    const bag = /beans|ground|grãos|moído|coffees?$|cafés?$|^(coffee|cafés?) /.test(about) && !/capsul|cápsul|drip(?!per)/.test(about);
    const shape = bag ? null : DRAWINGS.find(([words]) => words.test(`${product.id} ${product.name}`.toLowerCase())) || DRAWINGS.find(([words]) => words.test(about));
    const parts = shape ? shape[1] : [...BAG, ...EMBLEMS[(family >>> 8) % EMBLEMS.length]];
    return svg('svg', { viewBox: '0 0 200 190', class: `art tone-${family % TONES}`, 'aria-hidden': 'true' },
      svg('circle', { class: 'halo', cx: 100, cy: 102, r: 82 }),
      svg('ellipse', { class: 'floor', cx: 100, cy: 168, rx: 62, ry: 6 }),
      ...parts.map(([kind, tag, attributes]) => svg(tag, { class: kind, ...attributes })));
  }

  // ---------------------------------------------------------------- the page

  const page = { language: 'pt', category: null, shop: null, customer: null };
  const text = () => TEXTS[page.language];

  function label() {
    const t = text();
    document.documentElement.lang = page.language === 'pt' ? 'pt-BR' : 'en';
    for (const node of document.querySelectorAll('[data-t]')) node.textContent = t[node.dataset.t];
    for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t[node.dataset.tLabel]);
    for (const node of document.querySelectorAll('button[data-language]')) node.setAttribute('aria-pressed', String(node.dataset.language === page.language));
    byId('logins-close').setAttribute('aria-label', t.close);
    showCustomer();
  }

  function company() {
    const given = page.shop?.company;
    return (typeof given === 'object' && given ? given.name : given) || 'Vínculo';
  }

  function showProducts() {
    const t = text();
    const products = page.shop?.products || [];
    byId('company').textContent = company();
    document.title = `${company()} · ${t.eyebrow}`;
    const categories = [...new Set(products.map((product) => product.category).filter(Boolean))];
    if (!categories.includes(page.category)) page.category = null;
    byId('filters').replaceChildren(...[null, ...categories].map((category) => el('button', {
      type: 'button', 'aria-pressed': String(category === page.category), text: category || t.all,
      onclick: (event) => { page.category = category; showProducts(); focusFilter(event.target.textContent); },
    })));
    const shown = products.filter((product) => page.category === null || product.category === page.category);
    byId('number').textContent = t.number(shown.length);
    byId('grid').replaceChildren(...shown.map(tile));
  }

  function focusFilter(name) {
    [...byId('filters').children].find((button) => button.textContent === name)?.focus();
  }

  function tile(product) {
    const t = text();
    const image = product.image ? el('img', { src: product.image, alt: '', loading: 'lazy', onerror: (event) => event.target.replaceWith(drawing(product)) }) : drawing(product);
    return el('li', { class: 'tile', id: `product-${product.id}`, tabindex: '-1' },
      el('div', { class: 'picture' }, image),
      el('div', { class: 'about' },
        product.category ? el('p', { class: 'kind', text: product.category }) : null,
        el('h3', { text: product.name }),
        el('p', { class: 'description', text: product.description })),
      el('div', { class: 'buy' },
        el('span', { class: 'price', text: product.price }),
        el('button', { type: 'button', class: 'about-it', 'aria-label': t.aboutLabel(product.name), text: t.askAbout, onclick: () => window.vinculo?.open(t.askAboutDraft(product.name)) })));
  }

  function showTrouble(id, message) {
    byId(id).textContent = message || '';
    byId(id).hidden = !message;
  }

  function goTo(id) {
    page.category = null;
    showProducts();
    const node = byId(`product-${id}`);
    if (!node) return false;
    node.scrollIntoView({ block: 'center', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    node.focus({ preventScroll: true });
    node.classList.add('found');
    setTimeout(() => node.classList.remove('found'), 2500);
    return true;
  }

  async function loadShop() {
    const language = page.language;
    try {
      const answer = await fetch(`/demo/shop.json?language=${language}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const shop = await answer.json();
      if (language !== page.language) return;
      page.shop = shop;
      showTrouble('trouble', '');
      showProducts();
      showPeople();
    } catch {
      showTrouble('trouble', text().noProducts);
    }
  }

  async function setLanguage(language) {
    if (!TEXTS[language]) return;
    page.language = language;
    store('language', language);
    page.category = null;
    label();
    window.vinculo?.setLanguage(language);
    await loadShop();
  }

  // ---------------------------------------------------------------- demo log-ins

  function showCustomer() {
    const t = text();
    const name = page.customer?.name;
    byId('account').replaceChildren(...(name ? [el('span', { class: 'face', 'aria-hidden': 'true', text: initials(name) }), el('span', { class: 'name', text: name })] : [el('span', {}, t.logIn, el('span', { class: 'more', text: t.logInAs }))]));
    if (name) byId('account').setAttribute('aria-label', t.account(name));
    else byId('account').removeAttribute('aria-label');
    byId('known').hidden = !name;
    byId('known').replaceChildren(...(name ? [el('div', { class: 'wide' },
      el('p', {}, el('strong', { text: t.known(name) }), ` ${t.knownText}`),
      el('button', { type: 'button', class: 'plain', text: t.change, onclick: () => byId('logins').showModal() }),
      el('button', { type: 'button', class: 'plain', id: 'log-out', text: t.logOut, onclick: () => { logOut(); byId('account').focus(); } }))] : []));
  }

  function showPeople() {
    const logins = page.shop?.logins || [];
    byId('people').replaceChildren(...logins.map((person) => el('li', {}, el('button', { type: 'button', 'aria-current': person.id === page.customer?.id ? 'true' : null, onclick: () => logIn(person) },
      el('span', { class: 'face', 'aria-hidden': 'true', text: initials(person.name) }),
      el('span', { class: 'person' }, el('strong', { text: person.name }), el('span', { text: person.label })),
      person.tier_hint ? el('span', { class: 'tier', text: person.tier_hint }) : null))));
    if (page.shop && !logins.length) byId('people').append(el('li', { text: text().noLogins }));
  }

  /** A fresh token from the company's side, as a real shop would write it into the page. */
  async function askToken(id) {
    const answer = await fetch('/demo/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ customer: id }) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function logIn(person) {
    try {
      const { login, name } = await askToken(person.id);
      page.customer = { id: person.id, name: name || person.name };
      store('customer', page.customer);
      showTrouble('login-trouble', '');
      byId('logins').close();
      showCustomer();
      showPeople();
      window.vinculo?.login(login);
    } catch {
      showTrouble('login-trouble', text().noLogin);
    }
  }

  function logOut() {
    page.customer = null;
    store('customer', null);
    showCustomer();
    showPeople();
    window.vinculo?.logout();
  }

  // ---------------------------------------------------------------- start

  function putWidget(login) {
    const script = el('script', { src: '/widget.js', 'data-language': page.language, 'data-login': login });
    script.async = true;
    document.body.append(script);
  }

  async function start() {
    const asked = new URL(location.href).searchParams.get('language');
    page.language = [asked, store('language'), navigator.language?.slice(0, 2)].find((language) => TEXTS[language]) || 'pt';
    if (TEXTS[asked]) {
      store('language', asked);
      window.addEventListener('vinculo:ready', () => window.vinculo.setLanguage(page.language), { once: true });
    }
    page.customer = store('customer');
    label();
    for (const button of document.querySelectorAll('button[data-language]')) button.addEventListener('click', () => setLanguage(button.dataset.language));
    byId('ask').addEventListener('click', () => window.vinculo?.open(text().askDraft));
    byId('account').addEventListener('click', () => byId('logins').showModal());
    byId('logins-close').addEventListener('click', () => byId('logins').close());
    byId('logins').addEventListener('click', (event) => event.target === byId('logins') && byId('logins').close());
    window.addEventListener('vinculo:language', (event) => event.detail.language !== page.language && setLanguage(event.detail.language));
    window.addEventListener('vinculo:product', (event) => event.detail.product && goTo(event.detail.product) && event.preventDefault());
    window.addEventListener('storage', (event) => {
      if (event.key !== 'shop:customer') return;
      page.customer = store('customer');
      showCustomer();
      showPeople();
    });
    const shop = loadShop();
    let login = null;
    if (page.customer) {
      try {
        ({ login } = await askToken(page.customer.id));
      } catch {
        page.customer = null;
        store('customer', null);
        showCustomer();
      }
    }
    putWidget(login);
    await shop;
    if (location.hash.startsWith('#product-')) goTo(decodeURIComponent(location.hash.slice(9)));
  }

  start();
})();
