import { html } from 'hono/html'
import type { Texts } from './en.ts'
import { createFormats } from './formats.ts'

const format = createFormats('es-HN')

/** Spanish as in Honduras, with "usted". */
export const es: Texts = {
  language: { tag: 'es', name: 'Español' },
  format,

  frame: {
    portal: 'Portal de identidad',
    skip: 'Ir al contenido',
    footer: 'Sus documentos son suyos. Nadie los ve por medio de este portal sin su permiso.',
    language: 'Idioma',
  },

  common: {
    email: 'Correo electrónico',
    password: 'Contraseña',
    newPassword: 'Nueva contraseña',
    code: 'Código',
    continue: 'Continuar',
    cancel: 'Cancelar',
    doNotAllow: 'No permitir',
    yourDocuments: 'Sus documentos',
    yourAccount: 'Su cuenta',
    signOut: 'Cerrar sesión',
    backToDocuments: 'Volver a sus documentos',
    momentInUtc: (moment) => `${moment} (UTC)`,
    passkeyFailed: 'No funcionó. Inténtelo de nuevo o use su contraseña.',
    tooManyTries: (seconds) =>
      `Demasiados intentos. Espere ${seconds} ${format.plural(seconds, { one: 'segundo', other: 'segundos' })}.`,
    busy: 'Muchas personas están iniciando sesión en este momento. Inténtelo de nuevo en unos segundos.',
  },

  signIn: {
    title: 'Iniciar sesión',
    errorTitle: 'Error: iniciar sesión',
    lead: 'Vea sus documentos y quién puede verlos.',
    leadFor: (application) =>
      html`${application} desea saber quién es usted. En la página siguiente usted decide qué puede ver.`,
    needsPasskey: (application) =>
      html`${application} exige que inicie sesión con una clave de acceso. Puede configurarla en <a href="/account">la página de su cuenta</a>.`,
    needsCode: (application) =>
      html`${application} exige su contraseña y un código de una aplicación de autenticación. Puede configurarla en <a href="/account">la página de su cuenta</a>.`,
    button: 'Iniciar sesión',
    passkey: 'Iniciar sesión con una clave de acceso',
    forgot: '¿Olvidó su contraseña?',
    newHere: (path) => html`¿Es su primera vez aquí? <a href="${path}">Cree una cuenta</a>`,
    noMatch: 'El correo electrónico y la contraseña no coinciden.',
    passkeyUnknown:
      'Esa clave de acceso no pertenece a ninguna cuenta de este portal. Pruebe con otra o use su contraseña.',
    passkeyAfterPassword:
      'Esa clave de acceso abre la cuenta después de la contraseña. Escriba primero su contraseña.',
  },

  secondStep: {
    title: 'Segundo paso',
    errorTitle: 'Error: segundo paso',
    typeCode: 'Escriba el código que su aplicación de autenticación muestra ahora.',
    usePasskeys: 'Use una de sus claves de acceso.',
    passkey: 'Usar una clave de acceso',
    noScript: 'Las claves de acceso necesitan JavaScript, que está desactivado en su navegador.',
    useRecoveryCode: 'Usar un código de recuperación',
    recoveryCode: 'Código de recuperación',
    lost: '¿No tiene ninguno de estos? Escriba a quienes administran este portal.',
    tooLate: 'Pasó demasiado tiempo. Empiece de nuevo con su correo electrónico y su contraseña.',
    wrongCode: 'Ese código no es correcto o ya se usó. Los códigos cambian cada 30 segundos.',
    wrongRecoveryCode: 'Ese código de recuperación no es correcto o ya se usó.',
    noCode: 'Escriba un código.',
    othersPasskey: 'Esa clave de acceso pertenece a otra cuenta.',
  },

  enrol: {
    title: 'Configurar una aplicación de autenticación',
    errorTitle: 'Error: configurar una aplicación de autenticación',
    demanded:
      'Este portal exige un segundo paso después de la contraseña. Escanee esto con una aplicación de autenticación en su teléfono o en su gestor de contraseñas.',
    chosen:
      'Después de esto, usted inicia sesión con su contraseña y un código de la aplicación. Escanee esto con una aplicación de autenticación en su teléfono o en su gestor de contraseñas.',
    qrCode: 'Código QR para la aplicación de autenticación',
    noCamera: (uri) =>
      html`¿No tiene cámara? <a href="${uri}">Abra una aplicación de autenticación en este dispositivo</a> o escriba en ella esta clave:`,
    wrongCode: 'Ese código no es correcto. Escriba el código que la aplicación muestra ahora.',
  },

  recoveryCodes: {
    title: 'Sus códigos de recuperación',
    lead: 'Imprima estos códigos o guárdelos en un lugar seguro. Si no puede usar su otro segundo paso, inicie sesión con su contraseña y uno de estos códigos. Cada código sirve una sola vez. No los volveremos a mostrar.',
    saved: 'Ya los guardé',
  },

  passwordRules: {
    tooShort:
      'La contraseña debe tener 15 caracteres o más. Cuatro palabras sin relación entre sí funcionan bien.',
    tooLong: 'La contraseña puede tener 256 caracteres como máximo.',
    tooEasy:
      'Esta contraseña es demasiado fácil de adivinar: se compone de contraseñas comunes, de su propio nombre o dirección, o de un patrón. Cuatro palabras sin relación entre sí funcionan bien.',
    busy: 'Muchas personas están iniciando sesión en este momento. Inténtelo de nuevo.',
  },

  confirm: {
    title: 'Confirme que es usted',
    errorTitle: 'Error: confirme que es usted',
    lead: 'Inició sesión hace un rato. Antes de continuar, confirme que es usted.',
    button: 'Confirmar',
    passkey: 'Confirmar con una clave de acceso',
    wrongPassword: 'Esa no es su contraseña.',
    otherAccount: 'Eso pertenece a otra cuenta.',
  },

  consent: {
    title: (application) => `¿Permitir el acceso de ${application}?`,
    heading: (application) => `¿Permite que ${application} vea esto?`,
    purpose: (application, purpose) => html`${application} indica esta finalidad: ${purpose}`,
    noPurpose: (application) => `${application} no indica ninguna finalidad.`,
    untick: (application) =>
      `Desmarque lo que no quiera compartir. ${application} ve lo que usted permita y continúa con eso.`,
    whenYouAreAway: (scope) =>
      html`Con ${scope}, puede ver esto aunque usted no esté; sin ello, solo mientras usted tenga la sesión iniciada aquí.`,
    whileSignedIn: 'Puede ver esto mientras usted tenga la sesión iniciada aquí.',
    end: html`Puede cambiar o terminar este consentimiento en cualquier momento en <a href="/">su propia página</a>, con efecto inmediato. Los enlaces que la aplicación ya recibió dejan de funcionar en el plazo de una hora.`,
    willConfirm:
      'Inició sesión hace un rato. Si lo permite, le pediremos que confirme que es usted.',
    allowTicked: 'Permitir lo marcado',
    allow: 'Permitir',
    signedInAs: (name, email) => `Tiene la sesión iniciada como ${name} (${email}).`,
    goBackTo: (host) => html`Después volverá a ${host}.`,
    hasEnded: (application, day) =>
      html`Usted le dio permiso a ${application} antes, hasta el ${day}. Ese permiso terminó, por eso vuelve a preguntar.`,
    purposeChanged: (application, purpose) =>
      html`Cuando usted decidió por última vez sobre ${application}, su finalidad era: ${purpose} La finalidad cambió, por eso vuelve a preguntar.`,
    purposeAdded: (application) =>
      `Cuando usted decidió por última vez sobre ${application}, no indicaba ninguna finalidad. Ahora sí, por eso vuelve a preguntar.`,
    asksForMore: (application) => `Usted ya decidió antes sobre ${application}. Ahora pide más.`,
    youChose: (application) =>
      `Usted ya decidió antes sobre ${application}. Esto es lo que eligió.`,
    declinedBefore: 'Usted rechazó esto antes.',
    isNew: 'Nuevo: antes no lo pedía.',
    frozenTitle: (application) => `${application} está bloqueada`,
    frozenLead:
      'Esta aplicación fue reportada, con un enlace de un correo dirigido a usted o en su página de actividad. No puede ver ninguno de sus datos ni pedirle acceso.',
    frozenHelp: (path) =>
      html`Para que pueda pedirlo de nuevo, quite el bloqueo o termine su acceso en <a href="${path}">la página de la aplicación</a>. Después vuelva a la aplicación y empiece de nuevo.`,
    backToApplication: 'Volver a la aplicación',
  },

  application: {
    site: 'Su sitio',
    policy: 'Su política de privacidad',
    terms: 'Sus condiciones',
    logo: (application) => `Logotipo de ${application}`,
    runBy: (operator) => `Administrada por ${operator}`,
    unknownOperator: 'No indica quién la administra',
    saved: (application) =>
      `Guardado. El cambio se aplica de inmediato, también al acceso que ${application} ya tiene.`,
    allowedFor: (day, purpose) => html`Permitida desde el ${day} para esta finalidad: ${purpose}`,
    allowedWithout: (day) => html`Permitida desde el ${day}. No indicó ninguna finalidad.`,
    otherPurpose: (purpose) =>
      html`Ahora indica una finalidad distinta: ${purpose} Tiene que pedirle permiso de nuevo.`,
    purposeRemoved: 'Ya no indica ninguna finalidad. Tiene que pedirle permiso de nuevo.',
    untick: (application) =>
      `Si desmarca algo, ${application} ya no podrá verlo a partir de su próxima solicitud. Si marca algo, lo recibirá la próxima vez que lo pida. Solo ${application} puede borrar lo que ya copió.`,
    save: 'Guardar',
    endHeading: 'Terminar el acceso',
    endLead: (application) =>
      `Después, ${application} no tiene ningún acceso y debe pedirle permiso antes de volver a tenerlo.`,
    endButton: (application) => `Terminar el acceso de ${application}`,
    frozen:
      'Bloqueada: esta aplicación fue reportada, con un enlace de un correo dirigido a usted o en su página de actividad. No puede ver ninguno de sus datos.',
    notYouHeading: 'Si usted no la autorizó',
    notYou: html`Termine su acceso. Después no tiene ningún acceso y debe pedirle permiso antes de volver a tenerlo. Si todavía no lo ha hecho, <a href="/reset">establezca una nueva contraseña</a>.`,
    youHeading: 'Si sí fue usted',
    you: (application) =>
      `Quite el bloqueo. Lo que usted le permitió a ${application} vuelve a valer de inmediato.`,
    liftButton: 'Quitar el bloqueo',
  },

  scopes: {
    openid: {
      title: 'Reconocerle',
      sentence: 'Un identificador, para que la aplicación le reconozca cuando vuelva.',
    },
    profile: { title: 'Su nombre', sentence: 'Sus nombres y apellidos.' },
    email: {
      title: 'Su correo electrónico',
      sentence: 'Su dirección de correo y si está confirmada.',
    },
    offline_access: {
      title: 'Seguir conectada',
      sentence:
        'Puede volver a pedir lo mismo cuando usted no esté, durante el tiempo que usted permita.',
    },
    'eprospera:person.details.read': {
      title: 'Sus datos personales',
      sentence:
        'Su nombre, fecha y país de nacimiento, nacionalidades, dirección y número de teléfono.',
    },
    'eprospera:person.residency.read': {
      title: 'Su residencia',
      sentence: 'Si usted es residente, de qué tipo y desde cuándo.',
    },
    'eprospera:person.id_verification.status.read': {
      title: 'Si su identidad fue verificada',
      sentence:
        'Que lo fue, desde cuándo y con qué tipo de documento; ninguna foto y ningún número.',
    },
    'eprospera:person.age_over.read': {
      title: 'Si tiene la edad suficiente',
      sentence:
        'Si ya cumplió la edad que la aplicación indica, pero nunca su fecha de nacimiento.',
    },
    'eprospera:person.id_verification.read': {
      title: 'Las fotos de su documento de identidad y de su rostro',
      sentence:
        'El frente y el reverso de su documento y su selfi de su última verificación aprobada, como enlaces que los abren durante una hora sin iniciar sesión.',
    },
  },

  permissions: {
    heading: 'Qué puede ver y hacer',
    always: (sentence) => `${sentence} Esto siempre forma parte de iniciar sesión.`,
    orLess: (title) => `${title}, o menos`,
    acceptsLess: 'La aplicación también acepta menos.',
    less: (title) => `Menos: ${title}`,
    neither: 'Ninguna de las dos cosas',
    howLong: 'Por cuánto tiempo',
    periods: { day: '1 día', month: '30 días', year: '1 año' },
    periodUntil: (period, day) => html`${period}, hasta el ${day}`,
    asItIsUntil: (day) => html`Como está: hasta el ${day}`,
    asItIsOpen: 'Como está: hasta que yo lo termine',
    open: 'Hasta que yo lo termine',
    choose: 'Elija por cuánto tiempo lo permite.',
    today: (what) => `Hoy: ${what}.`,
    confirmed: (email) => `${email}, confirmado`,
    notConfirmed: (email) => `${email}, sin confirmar`,
    noDocuments:
      'Hoy no hay nada que ver: ninguna de sus verificaciones está aprobada. Cuando se apruebe una, podrá ver las fotos de esa verificación.',
    documents: (photos, day) =>
      html`Hoy: ${photos}, de la verificación del ${day}. Si después se aprueba otra verificación, verá las fotos de esa.`,
    notCopiedYet: 'todavía nada, porque las fotos aún se están copiando',
    photos: {
      front: (document) => `el frente de su ${document}`,
      back: (document) => `el reverso de su ${document}`,
      both: (document) => `el frente y el reverso de su ${document}`,
      face: 'su rostro',
    },
    kinds: {
      passport: 'pasaporte',
      national_id: 'documento de identidad',
      drivers_license: 'licencia de conducir',
      residence_permit: 'permiso de residencia',
      visa: 'visa',
      other: 'documento',
    },
  },

  device: {
    title: 'Conectar un dispositivo',
    errorTitle: 'Error: conectar un dispositivo',
    lead: 'Escriba el código que muestra su dispositivo o programa.',
    confirmTitle: (application) => `¿Conectar ${application}?`,
    confirmLead:
      'Continúe solo si usted mismo inició esto hace un momento y su dispositivo muestra exactamente este código:',
    doneTitle: 'Conexión lista',
    doneHeading: (application) => `${application} ya tiene conexión`,
    doneLead: html`Vuelva a su dispositivo; puede cerrar esta página. Puede terminar su acceso en cualquier momento en <a href="/">su propia página</a>.`,
    aborted: 'No se permitió nada. Puede cerrar esta página.',
    noCode: 'Escriba el código que muestra su dispositivo.',
    wrongCode:
      'Este código no existe, venció o ya se usó. Revise su dispositivo e inténtelo de nuevo.',
  },

  signOut: {
    title: '¿Cerrar sesión?',
    lead: 'Una aplicación pide cerrar también su sesión en el portal de identidad.',
    stay: 'Mantener la sesión',
    doneTitle: 'Sesión cerrada',
    doneHeading: 'Su sesión está cerrada',
    doneLead: html`Puede cerrar esta página o <a href="/">iniciar sesión de nuevo</a>.`,
  },

  home: {
    greeting: (name) => `Le damos la bienvenida, ${name}`,
    nameHeading: 'Su nombre',
    offeredName: (name) =>
      html`El nombre en su documento es ${name}. ¿Desea usar este nombre en su cuenta?`,
    useName: 'Usar este nombre',
    checks: 'Sus verificaciones de identidad',
    noChecks:
      'Todavía no hay nada. Después de una verificación de identidad, el resultado y las fotos aparecen en esta página.',
    applications: 'Quién puede ver sus datos',
    noApplications:
      'Nadie. Cuando permita que una aplicación vea sus datos, aparecerá aquí, y aquí podrá terminar su acceso.',
    activity: 'Quién ha leído sus datos y cuándo',
    links: 'Organizaciones vinculadas',
    noLongerSees: (application) => `${application} ya no puede ver sus documentos.`,
    notCompared:
      'Estamos comparando el documento con su cuenta. Hasta que terminemos, ninguna aplicación puede verlo.',
    rejected: 'Revisamos este documento y no lo aceptamos para su cuenta.',
    rejectedHelp:
      'Ninguna aplicación puede verlo. Si cree que es un error, escriba a quienes administran este portal.',
    mismatch: 'Este documento no coincide con su cuenta:',
    mismatchHelp:
      'Una persona de nuestro equipo lo revisará. Hasta entonces, ninguna aplicación puede verlo.',
    differences: {
      name: 'El nombre en el documento es distinto del nombre de su cuenta.',
      'birth-date': 'La fecha de nacimiento en el documento es distinta de la del registro.',
      'birth-date-missing': 'No se pudo leer la fecha de nacimiento en el documento.',
      'name-missing': 'No se pudo leer el nombre en el documento.',
    },
    statuses: {
      pending: 'En curso',
      approved: 'Aprobada',
      declined: 'Rechazada',
      resubmission: 'Se necesitan fotos nuevas',
      review: 'En revisión',
      expired: 'Vencida',
      error: 'No se pudo completar',
      notAccepted: 'No aceptada',
      documentExpired: 'Documento vencido',
    },
    kinds: {
      passport: 'Pasaporte',
      national_id: 'Documento de identidad',
      drivers_license: 'Licencia de conducir',
      residence_permit: 'Permiso de residencia',
      visa: 'Visa',
      other: 'Verificación de identidad',
    },
    images: {
      document_front: 'Frente del documento',
      document_back: 'Reverso del documento',
      selfie: 'Su rostro',
    },
    people: 'personas de la organización',
    started: (day, vendor) => html`Iniciada el ${day}, verificada por ${vendor}.`,
    documentValid: (day) => html`El documento es válido hasta el ${day}.`,
    documentExpired: (day) =>
      html`El documento venció el ${day}. Las aplicaciones pueden ver que venció. Por favor, haga verificar un documento nuevo.`,
    copying: 'Estamos copiando las fotos. Aparecerán aquí en un momento.',
    unreadable: (vendor) =>
      `No pudimos leer las fotos de ${vendor}, así que no hay nada que mostrar. Quienes administran este portal pueden solicitarlas de nuevo.`,
    showPhotos: 'Mostrar las fotos',
    details: 'Detalles de esta verificación',
    frozen: (path) =>
      html`Bloqueada: esta aplicación fue reportada, con un enlace de un correo dirigido a usted o en su página de actividad. No puede ver ninguno de sus datos hasta que usted <a href="${path}">quite el bloqueo o termine su acceso</a>.`,
    allowed: 'Permitido',
    nothing: 'nada',
    declined: 'Rechazado',
    since: 'Desde',
    until: 'Hasta',
    untilYouEndIt: 'que usted lo termine',
    lastConnected: 'Última conexión',
    change: 'Cambiar',
    changeLabel: (application) => `Cambiar lo que ${application} puede ver`,
    end: 'Terminar el acceso',
  },

  verification: {
    checkedBy: 'Verificada por',
    started: 'Iniciada',
    decided: 'Decidida',
    validUntil: 'Válido hasta',
    expired: 'Venció el',
    hidden: 'Inicie sesión de nuevo para ver las fotos y lo que se leyó en el documento.',
    show: 'Mostrar todo',
    photos: 'Fotos',
    noPhotos: 'No hay fotos que mostrar.',
    read: 'Lo que se leyó en el documento',
    nothingRead: 'No recibimos ningún dato leído en el documento.',
    notYours:
      'Esta verificación se hizo para una organización y no está confirmado que el documento sea suyo. No se muestra lo que se leyó en él.',
    findings: {
      fullName: 'Nombre completo',
      givenName: 'Nombres',
      surname: 'Apellidos',
      dateOfBirth: 'Fecha de nacimiento',
      nationality: 'Nacionalidad',
      documentType: 'Tipo de documento',
      country: 'País emisor',
      number: 'Número',
      issuedOn: 'Fecha de emisión',
      expiresOn: 'Fecha de vencimiento',
    },
    otherDocument: 'Otro documento',
    compared: 'Con qué se comparó',
    notCompared: 'Un documento se compara con su cuenta cuando se aprueba.',
    noReference:
      'No había nada con qué compararlo: el nombre de su cuenta es el que usted mismo escribió.',
    matches: 'El documento coincide con estos datos de su cuenta:',
    differs: 'El documento se comparó con estos datos de su cuenta:',
    name: 'Nombre',
    sources: {
      registry: (entry) => html`${entry} (según el registro)`,
      operator: (entry) => html`${entry} (según quienes administran este portal)`,
      document: (entry) => html`${entry} (según un documento anterior)`,
      resident: (entry) => html`${entry} (escrito por usted)`,
    },
    attempts: 'Intentos',
    noAttempts: 'Todavía no ha llegado ninguna decisión.',
    attempt: (number, result, day) => html`Intento ${number}, ${day}. Resultado: ${result}`,
    attemptReviewed: (number, result, day) =>
      html`Intento ${number}, ${day}. Resultado: ${result}, decidido por personal de la organización que inició la verificación`,
  },

  photo: {
    back: 'Volver a la verificación de identidad',
    hidden: 'Inicie sesión de nuevo para ver esta foto.',
    show: 'Mostrar la foto',
    unreadable:
      'No se puede mostrar esta foto en este momento. Está guardada de forma segura. Inténtelo de nuevo en unos minutos.',
    zoom: 'Mostrar en tamaño real',
    region: 'La foto en tamaño real, que se puede desplazar',
    open: 'Abrir solo la foto',
    download: 'Descargar',
    type: 'Tipo',
    taken: 'Tomada',
    stored: 'Guardada',
    size: 'Tamaño',
    digest: 'Huella SHA-256',
    digestUse:
      'La huella identifica este archivo: la copia que tenga otra persona es el mismo archivo si tiene la misma huella, y solo en ese caso.',
    drawn: {
      unreadable: ['Esta foto no se', 'puede mostrar', 'ahora.'],
      hidden: ['Inicie sesión', 'de nuevo para', 'ver esta foto.'],
    },
  },

  account: {
    errorTitle: 'Error: su cuenta',
    signedInAs: (email) => html`Usted inicia sesión como ${email}.`,
    newEmail: 'Nuevo correo electrónico',
    sendLink: 'Enviar un enlace de confirmación',
    emailHelp:
      'Su dirección cambia cuando usted abre el enlace y la confirma. También avisamos a su dirección anterior.',
    changePassword: 'Cambiar la contraseña',
    setPassword: 'Establecer la contraseña',
    passwordHelp: html`Una nueva contraseña cierra su sesión en todas partes. También puede <a href="/reset">restablecerla por correo electrónico</a>.`,
    secondStep: 'Segundo paso',
    hasTotp:
      'Usted inicia sesión con su contraseña y un código de su aplicación de autenticación, o con una clave de acceso.',
    removeTotp: 'Quitar la aplicación de autenticación',
    hasPasskey:
      'Usted inicia sesión con una clave de acceso. También puede configurar una aplicación de autenticación e iniciar sesión con su contraseña y un código.',
    hasNone:
      'Agregue una aplicación de autenticación o una clave de acceso, para que nadie pueda iniciar sesión solo con su contraseña.',
    addTotp: 'Configurar una aplicación de autenticación',
    codesLeft: (count) =>
      count === 0
        ? 'No queda ningún código de recuperación.'
        : format.plural(count, {
            one: 'Queda un código de recuperación.',
            other: `Quedan ${count} códigos de recuperación.`,
          }),
    newCodes: 'Generar nuevos códigos de recuperación',
    newCodesHelp: 'Los códigos nuevos sustituyen a los anteriores.',
    passkeys: 'Claves de acceso',
    passkeysHelp:
      'Con una clave de acceso, usted inicia sesión al desbloquear su dispositivo, por ejemplo, con su huella digital. Una página falsa no puede robarla.',
    addPasskey: 'Agregar una clave de acceso',
    newPasskeyName: 'Nombre de la nueva clave de acceso',
    passkeyExample: 'Mi teléfono',
    passkeyNotAdded: 'No se agregó ninguna clave de acceso. Inténtelo de nuevo.',
    passkeyNoScript:
      'Para agregar una clave de acceso se necesita JavaScript, que está desactivado en su navegador.',
    synced: 'sincronizada entre sus dispositivos',
    onOneDevice: 'en un solo dispositivo',
    passkeyUsed: (added, used) => html`Agregada el ${added}; usada por última vez el ${used}.`,
    passkeyAdded: (added) => html`Agregada el ${added}.`,
    needsPassword:
      'Usted restableció su contraseña por correo electrónico después de agregar esta clave de acceso. Para volver a iniciar sesión solo con ella, inicie sesión una vez con su contraseña y después con esta clave. Si no la reconoce, quítela.',
    passkeyName: 'Nombre',
    rename: 'Cambiar el nombre',
    renameLabel: (name) => `Cambiar el nombre de ${name}`,
    remove: 'Quitar',
    removeLabel: (name) => `Quitar ${name}`,
    devices: 'Dónde tiene la sesión iniciada',
    endOthers: 'Cerrar sesión en todos los demás',
    devicesHelp:
      'Su sesión se cierra después de 12 horas sin uso y, a más tardar, 14 días después de la última vez que la inició.',
    thisBrowser: 'Este navegador',
    sessionUsed: (signedIn, used) =>
      html`Sesión iniciada el ${signedIn}; usada por última vez el ${used}.`,
    endLabel: (device) => `Cerrar sesión en ${device}`,
    noAddress: 'Escriba una dirección de correo electrónico.',
    sameAddress: 'Esta ya es su dirección.',
    passkeyAddedWithCodes: (name) =>
      `Se agregó la clave de acceso «${name}». Desde ahora puede iniciar sesión con ella.`,
  },

  notices: {
    'email-sent': 'Enviamos un enlace a su nueva dirección. Ábralo en este navegador.',
    'passkey-added': 'Se agregó la clave de acceso. Desde ahora puede iniciar sesión con ella.',
    'passkey-renamed': 'Se cambió el nombre de la clave de acceso.',
    'passkey-removed': 'Se quitó la clave de acceso. Ya nadie puede iniciar sesión con ella.',
    'totp-added': 'Se agregó la aplicación de autenticación.',
    'totp-removed': 'Se quitó la aplicación de autenticación.',
    'session-ended': 'Se cerró la sesión en ese dispositivo.',
    'sessions-ended': 'Se cerró la sesión en todos los demás dispositivos.',
    'notifications-saved': 'Guardado. Se aplica a partir del próximo correo.',
  },

  devices: {
    on: (browser, system) => `${browser} en ${system}`,
    unknown: 'Dispositivo desconocido',
  },

  activity: {
    title: 'Actividad',
    errorTitle: 'Error: actividad',
    heading: 'Quién ha visto sus datos',
    lead: 'Registramos cada acceso antes de mostrar cualquier dato. El registro está protegido: nadie puede cambiarlo sin que se note.',
    none: 'Nadie ha visto sus datos todavía.',
    noneFound: 'Ningún registro coincide con este filtro.',
    filterHeading: 'Elegir registros',
    application: 'Aplicación',
    anyApplication: 'Todas',
    topic: 'Qué ocurrió',
    anyTopic: 'Todo',
    topics: {
      documents: 'Se vieron fotos',
      details: 'Se leyeron datos personales',
      status: 'Solo se leyó un resultado',
      refusals: 'Se negó el acceso',
      organisations: 'Una organización lo verificó',
      operator: 'Quienes administran este portal',
      changes: 'Vínculos y borrados',
    },
    from: 'Desde el día',
    to: 'Hasta el día',
    apply: 'Mostrar',
    showAll: 'Mostrar todo',
    noDay: 'Escriba un día, por ejemplo 2026-03-31.',
    wrongOrder: 'Este día es anterior al primero. Intercámbielos.',
    continues: 'Hay más registros de este día en la página siguiente.',
    times: (count, last) =>
      html`${format.plural(count, { one: 'Una vez', other: `${count} veces` })}; la última, el ${last}`,
    purpose: (purpose) => `Finalidad indicada: «${purpose}»`,
    entry: (id) => `Registro ${id}`,
    older: 'Anteriores',
    newest: 'Más recientes',
    unexpected: 'No esperaba esto',
    unexpectedLabel: (id) => `No esperaba esto: registro ${id}`,
    endedHeading: 'Aplicaciones que ya no ven sus datos',
    endedNone: 'Ninguna. Cuando termina el acceso de una aplicación, aparece aquí.',
    ended: {
      resident: (application, from, until) =>
        html`${application} tuvo acceso desde el ${from} hasta el ${until}. Usted lo terminó.`,
      expiry: (application, from, until) =>
        html`${application} tuvo acceso desde el ${from} hasta el ${until}. Entonces venció el plazo que usted había permitido.`,
      removal: (application, from, until) =>
        html`${application} tuvo acceso desde el ${from} hasta el ${until}. Entonces fue eliminada de este portal.`,
    },
    endedHelp:
      'Lo que una aplicación copió mientras tuvo acceso, solo esa aplicación puede borrarlo.',
    you: 'Usted',
    removedApplication: 'Una aplicación que fue eliminada',
    operator: 'Quienes administran este portal',
    saw: (who, photos) => html`${who} vio ${photos}.`,
    sawCheck: (who) => html`${who} vio su verificación de identidad, sin fotos.`,
    metadata: (who, photos) =>
      html`${who} leyó el tamaño y la fecha de las fotos de ${photos}, pero no las vio.`,
    nothing: (who) => html`${who} pidió sus datos, pero no había nada que mostrar.`,
    person: (who) => html`${who} leyó sus datos personales.`,
    residency: (who) => html`${who} leyó su residencia.`,
    status: (who) => html`${who} leyó si su identidad fue verificada, y nada más.`,
    age: (who, age) => html`${who} leyó si usted tiene más de ${age} años, y nada más.`,
    claims: (who, names) => html`${who} leyó ${names}.`,
    claimsAndPhotos: (who, names, photos) => html`${who} leyó ${names} y vio ${photos}.`,
    claimNames: {
      name: 'su nombre',
      given_name: 'su nombre',
      family_name: 'su nombre',
      email: 'su correo electrónico',
      email_verified: 'su correo electrónico',
      verified_claims: 'el resultado de su verificación de identidad',
    },
    event: (who) => html`${who} recibió un aviso de que su verificación de identidad cambió.`,
    refusal: (who, scopes) =>
      html`${who} pidió algo que usted no había permitido (${scopes}) y se le negó.`,
    tenantReads: {
      verification: (who) => html`${who} leyó una de sus verificaciones de identidad.`,
      verifications: (who) => html`${who} leyó la lista de sus verificaciones de identidad.`,
      result: (who) => html`${who} leyó el resultado de una verificación de identidad.`,
      'started verification': (who) =>
        html`${who} inició una verificación de identidad para usted.`,
      subject: (who) =>
        html`${who} leyó el identificador que usa para usted y si usted está vinculado con ella.`,
      subjects: (who) =>
        html`${who} leyó, en una lista de personas, el identificador que usa para usted y si usted está vinculado con ella.`,
      alerts: (who) =>
        html`${who} leyó que algo en una de sus verificaciones de identidad necesita revisión.`,
    },
    reviews: {
      approved: (who) => html`${who} revisó su verificación de identidad y la aprobó.`,
      declined: (who) => html`${who} revisó su verificación de identidad y la rechazó.`,
    },
    alertResolved: (who) =>
      html`Una alerta sobre una de sus verificaciones de identidad fue leída y resuelta por: ${who}.`,
    alertEnded:
      'Se resolvió una alerta sobre una de sus verificaciones de identidad, porque el documento ahora coincide con su cuenta.',
    operatorReads: {
      resident: (who) => html`${who} leyeron sus datos personales.`,
      verification: (who) => html`${who} leyeron una de sus verificaciones de identidad.`,
      delivery: (who) =>
        html`${who} leyeron un mensaje que una empresa de verificación envió sobre usted.`,
      event: (who) => html`${who} leyeron qué avisos se enviaron sobre usted.`,
      ledger: (who) => html`${who} leyeron esta lista.`,
      alert: (who) =>
        html`${who} leyeron que algo en una de sus verificaciones de identidad necesita revisión.`,
      case: (who) => html`${who} leyeron lo que usted escribió sobre un registro de esta lista.`,
    },
    exported: 'Se hizo una copia de todo lo que este portal guarda sobre usted.',
    verificationErased: 'Se borró una verificación de identidad.',
    accountErased: 'Se borró su cuenta.',
    subjectErased: (who, organisation) =>
      html`${who} borró el registro que ${organisation} tenía de usted.`,
    anOrganisation: 'una organización',
    accepted: (who, reason) => html`${who} aceptaron su documento para esta cuenta. ${reason}.`,
    notAccepted: (who, reason) =>
      html`${who} no aceptaron su documento para esta cuenta. ${reason}.`,
    reason: (reason) => `Motivo: ${reason}`,
    reasonErased: 'El motivo fue borrado',
    factorsRemoved: (who) =>
      html`${who} quitaron sus claves de acceso, su aplicación de autenticación y sus códigos de recuperación.`,
    linked: (who, organisation) =>
      html`${who} vinculó a su cuenta el registro que ${organisation} tiene de usted.`,
    unlinked: (who, organisation) =>
      html`${who} terminó el vínculo con el registro que ${organisation} tiene de usted.`,
    trust:
      'Este portal empezó o dejó de aceptar las verificaciones de identidad de una organización.',
    unrecognized: (who) => html`Lectura de algunos de sus datos por: ${who}.`,
  },

  activityEntry: {
    back: 'Volver a su actividad',
    when: 'Cuándo',
    who: 'Quién',
    purpose: 'Finalidad indicada',
    noPurpose: 'ninguna',
    permission: 'Permiso',
    check: 'Verificación de identidad',
    checkLink: 'Detalles de esta verificación',
    request: 'Solicitud',
    files: 'Archivos',
    filesHelp:
      'Estos son los archivos que se mostraron, cada uno con su resumen SHA-256. Una copia que alguien tenga es el mismo archivo exactamente cuando tiene el mismo resumen.',
    proof: 'Prueba',
    proofHelp:
      'El registro es una de las hojas de un árbol firmado. Este archivo lo prueba: nadie, tampoco quienes administran este portal, puede cambiar o quitar el registro sin que la prueba falle.',
    download: 'Descargar la prueba',
    notProven: 'La prueba se hace en unos segundos. Vuelva a cargar esta página.',
    verifyHeading: 'Cómo verificarla sin confiar en este portal',
    verifyLeaf:
      'El SHA-256 de un byte cero seguido de los bytes de “entry” es “leaf”, en base64url como todos los resúmenes del archivo.',
    verifyPath:
      'Con “index”, “size” y los resúmenes de “path”, “leaf” lleva a “root” (RFC 9162, sección 2.1.3.2).',
    verifyHead: html`“head” es un JWT sobre “size” y “root”, firmado con una clave de <a href="/.well-known/ledger">la dirección pública del registro</a>. Guárdelo: uno posterior debe continuarlo.`,
    stored: 'El registro tal como está guardado',
  },

  unexpected: {
    errorTitle: 'Error: no esperaba esto',
    whatHappens: 'Qué pasa cuando usted lo reporta',
    effects: {
      live: (who) =>
        `Bloqueamos ${who} de inmediato: ya no podrá ver ninguno de sus datos hasta que usted quite el bloqueo o termine su acceso.`,
      frozen: (who) => `${who} ya está bloqueada. No puede ver ninguno de sus datos.`,
      ended: (who) => `${who} no tiene acceso a sus datos hoy, así que no hay nada que bloquear.`,
      none: (who) =>
        `Este no fue un acceso que usted pueda bloquear. Lo hizo: ${who}. Lo vamos a revisar.`,
    },
    operator: 'Avisamos a quienes administran este portal, y ellos lo revisan.',
    answer: 'Usted recibe un correo ahora, y la respuesta por correo y en esta página.',
    note: '¿Qué deberían saber? (opcional)',
    noteHelp: (most) =>
      `Por ejemplo, por qué no lo esperaba. Como máximo ${most} caracteres. No escriba contraseñas ni códigos.`,
    tooLong: (most) => `Escriba como máximo ${most} caracteres.`,
    hidden: 'Contiene caracteres que no se pueden mostrar. Escríbalo con letras comunes.',
    freezeButton: (application) => `Reportar y bloquear ${application}`,
    button: 'Reportar',
    keep: 'No reportar',
    doneTitle: 'Usted reportó esto',
    states: { open: 'En revisión', answered: 'Respondido', closed: 'Cerrado' },
    reportedOn: (at) => html`Usted lo reportó el ${at}.`,
    frozen: (application, path) =>
      html`${application} quedó bloqueada con el reporte. En <a href="${path}">su página</a> usted puede terminar su acceso, o quitar el bloqueo si al final sí lo esperaba.`,
    yourNote: 'Lo que usted escribió',
    answerOf: (at) => html`La respuesta del ${at}`,
    next: 'Qué sigue',
    nextOpen:
      'Quienes administran este portal lo revisan. Usted no tiene que hacer nada. La respuesta llega por correo y aparece en esta página.',
    closedOn: (at) => html`El caso se cerró el ${at}.`,
    listHeading: 'Lo que usted reportó',
    listed: (entry, at, state) => html`${entry}, reportado el ${at}: ${state}`,
  },

  notifications: {
    title: 'Correos sobre sus datos',
    errorTitle: 'Error: correos sobre sus datos',
    lead: 'Elija cuántos correos quiere cuando las aplicaciones ven sus datos. Su página de actividad lo muestra todo en cualquier caso.',
    legend: 'Cuando una aplicación ve sus datos',
    choices: {
      each: 'Un correo la primera vez y por cada nuevo tipo de datos',
      daily: 'Un resumen al día, cuando se vio algo',
      security: 'Ningún correo, solo lo necesario para la seguridad',
    },
    helps: {
      each: 'También cuando una aplicación vuelve a verlos después de 90 días. Lo que ve en un minuto es un solo correo.',
      daily: 'El resumen nombra cada aplicación y lo que vio.',
      security: 'En su página de actividad usted ve quién ha visto qué.',
    },
    always:
      'Estos correos siempre llegan: un inicio de sesión en un navegador nuevo, un nuevo permiso para una aplicación, cambios de su contraseña, su correo, sus claves de acceso o sus segundos pasos, los reportes y sus respuestas.',
    choose: 'Elija una de las tres opciones.',
    save: 'Guardar',
    kinds: {
      documents: 'Fotos de su documento de identidad o de su rostro',
      person: 'Sus datos personales',
      residency: 'Su residencia',
      status: 'El resultado de su verificación de identidad',
      age: 'Si usted tiene la edad suficiente',
      name: 'Su nombre',
      email: 'Su correo electrónico',
    },
    again: (kind, day) => `${kind} (la vez anterior fue el ${day})`,
    sawKind: (application, kind) => `${application} vio: ${kind}`,
  },

  links: {
    signInTitle: 'Inicie sesión para continuar',
    signInLead: (organisation) =>
      `${organisation} pide vincular el registro que tiene de usted con su cuenta en este portal. Inicie sesión primero. Después le explicamos qué hace el vínculo, y usted decide.`,
    title: (organisation) => `Vincular ${organisation}`,
    heading: (organisation) => `¿Vincular ${organisation} con su cuenta?`,
    lead: (organisation) =>
      `${organisation} tiene un registro de usted y verifica su identidad para sus propios fines. Aquí puede vincular ese registro con su cuenta.`,
    whatItDoes: 'Qué hace el vínculo',
    checks: (organisation) =>
      `Todas las verificaciones de identidad de ${organisation}, pasadas y futuras, pertenecen a su cuenta hasta que usted termine el vínculo. Las aplicaciones a las que usted permita ver su verificación de identidad podrán ver entonces esos documentos y fotos.`,
    trusted: (organisation) =>
      `Este portal confía en ${organisation} para verificar a residentes. Una verificación vale para usted si el documento coincide con su cuenta.`,
    notTrusted: (organisation) =>
      `Este portal todavía no confía en ${organisation} para verificar a residentes. Mientras tanto, ninguna de esas verificaciones vale para usted.`,
    sees: (organisation) =>
      `${organisation} ve que el vínculo existe, y nada más: ni su nombre, ni su correo electrónico, ni sus documentos, ni quién puede verlos.`,
    ends: (organisation) =>
      `Usted puede terminar el vínculo en cualquier momento. ${organisation} conserva su propio registro.`,
    replaces: (day, organisation) =>
      html`El ${day} usted vinculó otro registro de ${organisation}. Este vínculo lo sustituye.`,
    warning: (organisation) =>
      `Continúe solo si usted es cliente de ${organisation} y pidió este enlace. Si otra persona se lo envió, no lo acepte.`,
    doNotLink: 'No vincular',
    listTitle: 'Organizaciones vinculadas',
    listLead:
      'Usted vinculó con su cuenta las verificaciones de identidad de estas organizaciones. Ellas ven que el vínculo existe, y nada más.',
    none: 'Ninguna.',
    linkedOn: (day) => html`Vinculada el ${day}.`,
    noChecks: 'Todavía no hay ninguna verificación de identidad.',
    check: (day, result) => html`Verificación de identidad del ${day}: ${result}`,
    goBack: (organisation) => `Volver a ${organisation}`,
    end: 'Terminar el vínculo',
    endLabel: (organisation) => `Terminar el vínculo con ${organisation}`,
    differences: {
      name: 'el nombre es distinto',
      'birth-date': 'la fecha de nacimiento es distinta',
      'name-missing': 'no muestra un nombre para comparar',
    },
    declined: 'fue rechazada y no vale.',
    notFinished: 'no ha terminado y todavía no vale.',
    rejected: 'quienes administran este portal decidieron que el documento no es suyo. No vale.',
    mismatch: (differences) =>
      `su documento no coincide con su cuenta: ${differences}. No vale. Si el documento es suyo, escriba a quienes administran este portal.`,
    notCompared: 'su documento todavía no se ha comparado con su cuenta.',
    counts: 'vale como su verificación de identidad.',
    notTrustedYet: (organisation) =>
      `su documento coincide con su cuenta, pero no vale hasta que este portal confíe en ${organisation} para verificar a residentes.`,
  },

  reset: {
    title: 'Establecer una nueva contraseña',
    errorTitle: 'Error: establecer una nueva contraseña',
    lead: 'Enviamos un enlace a su correo electrónico. Ábralo en este navegador.',
    send: 'Enviar el enlace',
    back: 'Volver a iniciar sesión',
    noAddress: 'Escriba su correo electrónico.',
    sentTitle: 'Revise su correo electrónico',
    sentLead:
      'Si esta dirección pertenece a un residente, le enviamos un enlace. Ábralo en este navegador. Funciona una sola vez, durante 30 minutos.',
    sentHelp: html`¿No recibió el correo? Revise su carpeta de correo no deseado y que haya escrito la dirección con la que inicia sesión. <a href="/reset">Intentar de nuevo</a>`,
    chooseTitle: 'Elegir una nueva contraseña',
    chooseErrorTitle: 'Error: elegir una nueva contraseña',
    chooseLead:
      'Use al menos 15 caracteres. Cuatro palabras sin relación entre sí son una buena opción; no se exigen números ni símbolos.',
    set: 'Establecer la contraseña',
    chooseHelp:
      'Una nueva contraseña cierra su sesión en todos los dispositivos y desconecta todas las aplicaciones.',
    doneTitle: 'Su contraseña está lista',
    doneLead: html`Se cerró su sesión en todas partes y se desconectaron todas las aplicaciones. <a href="/">Inicie sesión</a> con la nueva contraseña o vuelva a la aplicación de la que vino.`,
    applications: 'Estas aplicaciones estaban conectadas',
    applicationsHelp:
      'Lo que usted les permitió vuelve a valer la próxima vez que inicie sesión en ellas. Si no reconoce alguna, abra su página y termine su acceso.',
    passkeys: 'Estas claves de acceso pertenecen a su cuenta',
    passkeyUsed: (name, added, used) =>
      `${name}, agregada el ${added}, usada por última vez el ${used}`,
    passkeyNeverUsed: (name, added) => `${name}, agregada el ${added}, nunca usada`,
    passkeysHelp: html`Para volver a iniciar sesión solo con una de ellas, inicie sesión una vez con su nueva contraseña y después con esa clave de acceso. Si no reconoce alguna, inicie sesión, <a href="/account#passkeys">quítela</a> y genere nuevos códigos de recuperación. Si le pedimos una clave de acceso o un código que usted no tiene, escriba a quienes administran este portal.`,
  },

  signUp: {
    title: 'Crear una cuenta',
    errorTitle: 'Error: crear una cuenta',
    lead: 'Guarde sus documentos en un solo lugar y decida quién puede verlos.',
    leadFor: (application) =>
      html`${application} desea saber quién es usted. Después usted decide qué puede ver.`,
    byInvitation:
      'Necesita una invitación de quienes administran este portal. Use la dirección que ellos invitaron.',
    help: 'Le enviamos un enlace y un código para estar seguros de que la dirección es suya.',
    hasAccount: 'Ya tengo una cuenta',
    noAddress: 'Escriba su correo electrónico, por ejemplo, ana@example.com.',
    sentTitle: 'Revise su correo electrónico',
    sentErrorTitle: 'Error: revise su correo electrónico',
    sent: (email) =>
      html`Enviamos un correo a ${email}. Abra el enlace en este navegador. Funciona una sola vez, durante 30 minutos.`,
    sentIfInvited: (email) =>
      html`Si ${email} tiene una invitación, le enviamos un correo. Abra el enlace en este navegador. Funciona una sola vez, durante 30 minutos.`,
    otherDevice:
      '¿Lee su correo en otro dispositivo? Escriba aquí el código que viene en el correo.',
    noEmail: (path) =>
      html`¿No recibió el correo? Revise su carpeta de correo no deseado y la dirección. <a href="${path}">Intentar de nuevo</a>`,
    wrongCode:
      'Ese código no es correcto. Después de cinco códigos equivocados solo funciona el enlace del correo.',
  },

  newAccount: {
    title: 'Su nueva cuenta',
    errorTitle: 'Error: su nueva cuenta',
    lead: 'Su dirección está confirmada. Este es el último paso.',
    leadFor: (application) => html`Último paso: después continúa a ${application}.`,
    hasExpired: (application) =>
      `La solicitud de ${application} venció mientras tanto. Cree su cuenta aquí, después vuelva a la aplicación y empiece de nuevo.`,
    hasErrors: 'Su cuenta todavía no se ha creado. Corrija lo que está marcado abajo.',
    givenName: 'Nombres',
    surname: 'Apellidos',
    nameHelp:
      'Escriba su nombre tal como está en su documento de identidad. Hasta que un documento lo demuestre, es su propia declaración.',
    noGivenName: 'Escriba sus nombres.',
    noSurname: 'Escriba sus apellidos.',
    longName: 'Un nombre puede tener 100 caracteres como máximo.',
    strangeName: 'Un nombre es una línea de texto común, sin caracteres de control ni invisibles.',
    passwordHelp:
      'Al menos 15 caracteres. Cuatro palabras sin relación entre sí son una buena opción; no se exigen números ni símbolos.',
    create: 'Crear la cuenta',
    passkey: 'Usar una clave de acceso en lugar de una contraseña',
    passkeyFailed: 'No funcionó. Inténtelo de nuevo o elija una contraseña.',
    createdWithPasskey: 'Se creó su cuenta. Usted inicia sesión con la clave de acceso.',
    readyTitle: 'Su cuenta está lista',
    ready: (application) =>
      html`Su sesión está iniciada. La solicitud de ${application} venció mientras tanto: vuelva a la aplicación y empiece de nuevo. No tiene que volver a iniciar sesión.`,
    home: 'Ir a su propia página',
  },

  confirmEmail: {
    title: 'Confirme su correo electrónico',
    lead: (email) => html`Después iniciará sesión como ${email}.`,
    button: 'Usar esta dirección',
    doneTitle: 'Su correo electrónico está confirmado',
    doneLead: html`Desde ahora inicia sesión con él. <a href="/account">Ir a su cuenta</a>`,
  },

  notMe: {
    title: 'No fui yo',
    consentHeading: (application) => `¿Usted no autorizó ${application}?`,
    signInHeading: '¿Usted no inició sesión?',
    consentLead: (application) =>
      `Si no fue usted, bloqueamos ${application}: ya no podrá ver ninguno de sus datos hasta que usted quite el bloqueo o termine su acceso. También cerramos la sesión del navegador en el que se autorizó. Además, avisamos a quienes administran este portal.`,
    signInLead:
      'Si no fue usted, cerramos la sesión de ese navegador y terminamos el acceso que las aplicaciones obtuvieron por medio de él. Además, avisamos a quienes administran este portal.',
    button: 'No fui yo',
    wasYou: 'Si fue usted, cierre esta página. Nada cambia.',
    doneTitle: 'Gracias por avisarnos',
    consentDoneHeading: (application) => `${application} está bloqueada`,
    signInDoneHeading: 'La sesión de ese navegador está cerrada',
    consentDoneLead:
      'Ya no puede ver ninguno de sus datos. La sesión del navegador en el que se autorizó está cerrada.',
    consentDoneHelp: (application, path) =>
      html`Es posible que alguien conozca su contraseña. <a href="/reset">Establezca una nueva contraseña</a> ahora; eso cierra su sesión en todas partes. Después inicie sesión y abra <a href="${path}">la página de ${application}</a>. Termine su acceso ahí o quite el bloqueo si sí fue usted.`,
    signInDoneLead:
      'También terminamos el acceso que las aplicaciones obtuvieron por medio de él y quitamos las claves de acceso y aplicaciones de autenticación que se agregaron desde entonces.',
    signInDoneHelp: html`Es posible que alguien conozca su contraseña. <a href="/reset">Establezca una nueva contraseña</a> ahora; eso cierra su sesión en todas partes. Después revise <a href="/">su propia página</a> y termine el acceso de toda aplicación que no reconozca.`,
    entryHeading: (application) => `¿No esperaba que ${application} viera sus datos?`,
    entryLead: (application) =>
      `Entonces bloqueamos ${application}: ya no podrá ver ninguno de sus datos hasta que usted quite el bloqueo o termine su acceso. Además, avisamos a quienes administran este portal, que lo revisan.`,
    entryWasExpected: 'Si lo esperaba, cierre esta página. Nada cambia.',
    entryButton: 'No esperaba esto',
    entryDoneHeading: 'Su reporte llegó',
    entryDoneLead: (application) => `${application} ya no puede ver ninguno de sus datos.`,
    entryDoneHelp: (path, report) =>
      html`Inicie sesión para <a href="${report}">seguir su reporte</a>. En <a href="${path}">la página de la aplicación</a> usted puede terminar su acceso o quitar el bloqueo.`,
    notified: 'Ya avisamos a quienes administran este portal.',
    theApplication: 'la aplicación',
  },

  outbox: {
    title: 'Bandeja de salida',
    lead: 'No hay ningún servidor de correo configurado, así que el portal muestra aquí sus correos en lugar de enviarlos.',
    none: 'Todavía no hay correos. Solicite una nueva contraseña y vuelva a cargar esta página.',
    to: (address) => `Para ${address}`,
  },

  errors: {
    cannotGoOn: 'No pudimos continuar',
    nothingHere: 'Aquí no hay nada',
    ourMistake: 'Es un error nuestro',
    requestId: (id) => html`Si nos consulta sobre esto, indique este número: ${id}`,
    ourSide: 'Algo falló de nuestro lado. Inténtelo de nuevo en un momento.',
    technical: (description) => `No pudimos procesar esta solicitud: ${description}`,
    notFound: 'No hay nada en esta dirección.',
    unavailable:
      'El portal no puede responder por el momento. Inténtelo de nuevo en unos segundos.',
    tooManyRequests: (seconds) =>
      `Llegaron demasiadas solicitudes desde su red. Inténtelo de nuevo en ${seconds} ${format.plural(seconds, { one: 'segundo', other: 'segundos' })}.`,
    unreadableForm: 'No se puede leer el formulario de la solicitud.',
    foreignForm:
      'Este formulario no se envió desde nuestra página o ya venció. Vuelva atrás, recargue la página e inténtelo de nuevo.',
    interactionExpired:
      'Este paso venció o se inició en otro navegador. Vuelva a la aplicación y empiece de nuevo.',
    startAgain: 'Empiece de nuevo, por favor.',
    unregistered: 'Esta aplicación ya no está registrada.',
    signedOutMeanwhile: 'Su sesión ya no está iniciada. Vuelva a la aplicación y empiece de nuevo.',
    signedOut: 'Su sesión ya no está iniciada. Inicie sesión de nuevo.',
    confirmFirst: 'Confirme primero que es usted.',
    linkUsed:
      'Este enlace ya se usó, venció o fue sustituido por uno más reciente. Pida un enlace nuevo a la organización que se lo envió.',
    linkedElsewhere: 'Este registro ya está vinculado con otra cuenta.',
    hasTotp: 'Su cuenta ya tiene una aplicación de autenticación.',
    noFactor: 'Agregue primero una aplicación de autenticación o una clave de acceso.',
    lastFactor: 'Este portal exige un segundo paso. Agregue otro antes de quitar este.',
    noPasskey: 'No existe esa clave de acceso.',
    passkeyRefused:
      'No se pudo agregar esta clave de acceso. Vuelva atrás, recargue la página e inténtelo de nuevo.',
    otherBrowser: 'Abra este enlace en el navegador en el que lo solicitó. Ahí todavía funciona.',
    mailLinkExpired: 'Este enlace ya se usó o venció. Solicite uno nuevo.',
    noticeExpired:
      'Este enlace ya se usó o venció. Si algo sigue mal, inicie sesión y revise su propia página, o establezca una nueva contraseña.',
    emailTaken: 'Esta dirección pertenece a otra cuenta.',
    signUpClosed:
      'Aquí nadie puede crear una cuenta por su cuenta. Pida una a quienes administran este portal.',
    signUpExpired:
      'Este enlace ya se usó o venció. Si todavía no tiene una cuenta, empiece de nuevo.',
    signUpElsewhere:
      'Abra este enlace en el navegador en el que empezó, o escriba ahí el código que viene en el correo.',
    accountExists:
      'Ya existe una cuenta con esta dirección. Inicie sesión o establezca una nueva contraseña.',
    checkEnded:
      'Esta verificación de identidad terminó o su enlace está incompleto. Pida un enlace nuevo a la organización que se lo envió.',
    unknownReturn:
      'Esta dirección no pertenece a una verificación de identidad iniciada aquí. Si acaba de terminar una, el resultado aparecerá por sí solo junto a sus documentos.',
  },

  protocolError: {
    title: 'No se pudo completar esta solicitud',
    lead: 'La aplicación envió una solicitud que no podemos procesar. Vuelva a la aplicación e inténtelo de nuevo. Si ocurre otra vez, comuníquese con quienes la administran.',
    forDevelopers: 'Para quienes desarrollan la aplicación',
    error: 'Error',
    description: 'Descripción',
    advice: 'Qué hacer',
    requestId: 'Número de la solicitud',
  },

  mails: {
    signature: 'El portal de identidad',
    reset: ({ to, link, minutes }) => ({
      subject: 'Establezca una nueva contraseña',
      text: `Alguien pidió establecer una nueva contraseña para la cuenta del portal de identidad de ${to}.

Si fue usted, abra este enlace en el navegador en el que lo pidió. Funciona una sola vez, durante ${minutes} minutos:

${link}

Si no fue usted, no tiene que hacer nada: sin este enlace nada cambia.`,
    }),
    confirmEmail: ({ to, link, hours }) => ({
      subject: 'Confirme su correo electrónico',
      text: `Alguien pidió usar ${to} para una cuenta del portal de identidad.

Si fue usted, abra este enlace en el navegador en el que lo pidió. Funciona una sola vez, durante ${hours} horas:

${link}

Si no fue usted, no tiene que hacer nada: sin este enlace la dirección no se usa.`,
    }),
    signUp: ({ to, link, code, minutes }) => ({
      subject: 'Cree su cuenta',
      text: `Alguien pidió crear una cuenta del portal de identidad con la dirección ${to}.

Si fue usted, abra este enlace en el navegador en el que lo pidió. Funciona una sola vez, durante ${minutes} minutos:

${link}

¿Está leyendo esto en otro dispositivo? Entonces escriba este código en la página que sigue abierta en ese navegador:

${code}

No le diga el código a nadie. Si no fue usted, no tiene que hacer nada: sin el enlace o el código no se crea ninguna cuenta.`,
    }),
    accountExists: ({ to, issuer }) => ({
      subject: 'Usted ya tiene una cuenta',
      text: `Alguien pidió crear una cuenta del portal de identidad con la dirección ${to}. Usted ya tiene una, y no ha cambiado.

Si fue usted, vuelva a la página y elija «Ya tengo una cuenta», o inicie sesión aquí:

${issuer}/

Si no conoce su contraseña, establezca una nueva:

${issuer}/reset

Si no fue usted, no tiene que hacer nada.`,
    }),
    invitation: ({ to, link, days }) => ({
      subject: 'Le invitamos a crear una cuenta',
      text: `Quienes administran el portal de identidad le invitan a crear una cuenta con la dirección ${to}.

Abra este enlace para elegir cómo iniciar sesión. Funciona una sola vez, durante ${days} días:

${link}

Si no desea una cuenta, no tiene que hacer nada: sin este enlace no se crea ninguna.`,
    }),
    accountCreated: ({ to, issuer }) => ({
      subject: 'Se creó su cuenta',
      text: `Se creó su cuenta del portal de identidad. Usted inicia sesión como ${to}:

${issuer}/

Si no fue usted, establezca de inmediato una nueva contraseña y escriba a quienes administran el portal:

${issuer}/reset`,
    }),
    emailChanged: ({ to, now }) => ({
      subject: 'Se cambió su correo electrónico',
      text: `Desde ahora usted inicia sesión en el portal de identidad como ${now}; ${to} ya no se usa.

Si no fue usted, escriba de inmediato a quienes administran el portal.`,
    }),
    passwordChanged: ({ applications, passkeys }) => ({
      subject: 'Se cambió su contraseña',
      text: `Se estableció una nueva contraseña para su cuenta del portal de identidad y se cerraron todas las sesiones.
${applications}${passkeys}
Si no fue usted, solicite de inmediato una nueva contraseña y escriba a quienes administran el portal.`,
    }),
    disconnected: ({ list }) => `
Estas aplicaciones estaban conectadas con su cuenta y ahora están desconectadas. Lo que usted les permitió se recuerda para cuando vuelva a iniciar sesión en ellas. Si no conoce alguna, termine su acceso:

${list}
`,
    passkeysKept: ({ list, page }) => `
Estas claves de acceso pertenecen a su cuenta. Cada una vuelve a abrirla después de usarse una vez inmediatamente después de la nueva contraseña:

${list}

Si no conoce alguna, inicie sesión, quítela y genere nuevos códigos de recuperación:

${page}

Si al iniciar sesión se le pide una clave de acceso o un código que usted no tiene, escriba a quienes administran el portal.
`,
    passkeyAdded: {
      subject: 'Se agregó una clave de acceso',
      text: `Se agregó una clave de acceso a su cuenta del portal de identidad: desde ahora puede iniciar sesión con ella.

Si no fue usted, inicie sesión, quítela en la página de su cuenta y establezca una nueva contraseña.`,
    },
    newSignIn: ({ device, at, link, days }) => ({
      subject: 'Nuevo inicio de sesión en su cuenta',
      text: `Alguien inició sesión en su cuenta del portal de identidad en un navegador que no conocemos: ${device}, el ${at}.

Si fue usted, no tiene que hacer nada.

Si no fue usted, abra este enlace. Funciona una sola vez, durante ${days} días, sin iniciar sesión, y cierra esa sesión:

${link}`,
    }),
    factorChanged: {
      'totp-added': {
        subject: 'Se agregó una aplicación de autenticación',
        happened: 'Se agregó una aplicación de autenticación a su cuenta del portal de identidad.',
      },
      'totp-removed': {
        subject: 'Se quitó una aplicación de autenticación',
        happened: 'Se quitó la aplicación de autenticación de su cuenta del portal de identidad.',
      },
      'passkey-removed': {
        subject: 'Se quitó una clave de acceso',
        happened: 'Se quitó una clave de acceso de su cuenta del portal de identidad.',
      },
      'recovery-codes-made': {
        subject: 'Tiene nuevos códigos de recuperación',
        happened:
          'Se generaron nuevos códigos de recuperación para su cuenta del portal de identidad, y los anteriores ya no sirven.',
      },
      disowned: {
        subject: 'Se quitaron segundos pasos',
        happened:
          'Como usted reportó un inicio de sesión, se quitaron de su cuenta del portal de identidad todas las claves de acceso, aplicaciones de autenticación y códigos de recuperación que se agregaron desde entonces.',
      },
      reset: {
        subject: 'Se quitaron sus segundos pasos',
        happened:
          'Quienes administran el portal quitaron de su cuenta del portal de identidad todas las claves de acceso, la aplicación de autenticación y los códigos de recuperación.',
      },
    },
    factorHelp:
      'Si usted no hizo ni pidió esto, establezca de inmediato una nueva contraseña y escriba a quienes administran el portal.',
    newConsent: (of) => ({
      subject: 'Una aplicación puede ver sus datos',
      text: `El ${of.at}, su cuenta del portal de identidad le dio permiso a «${of.application}», ${of.end}:

${of.opened}

Si no fue usted, abra este enlace. Funciona una sola vez, durante ${of.days} días, sin iniciar sesión, y detiene a la aplicación:

${of.link}

Si fue usted, no tiene que hacer nada. Puede cambiarlo o terminarlo en cualquier momento:

${of.page}`,
    }),
    until: ({ day }) => `hasta el ${day}`,
    untilYouEndIt: 'hasta que usted lo termine',
    caseOpened: ({ effect, page }) => ({
      subject: 'Recibimos su reporte',
      text: `Usted reportó un registro de su actividad en el portal de identidad que no esperaba.

${effect}

Quienes administran el portal lo revisan. La respuesta llega por correo y aparece aquí:

${page}

Si no fue usted quien lo reportó, establezca una nueva contraseña de inmediato.`,
    }),
    caseFroze: ({ application }) =>
      `«${application}» está bloqueada: ya no puede ver ninguno de sus datos hasta que usted quite el bloqueo o termine su acceso.`,
    caseFrozeNothing: 'No hubo que bloquear ningún acceso.',
    caseAnswered: ({ answer, page }) => ({
      subject: 'La respuesta a su reporte',
      text: `Quienes administran el portal de identidad responden a su reporte de un registro que no esperaba:

${answer}

El registro, su reporte y esta respuesta:

${page}`,
    }),
    look: (of) => ({
      subject: 'Una aplicación vio sus datos',
      text: `«${of.application}» vio en el portal de identidad datos suyos que no había visto antes, el ${of.at}:

${of.seen}

Si usted lo esperaba, no tiene que hacer nada. El registro y su prueba:

${of.page}

Si no lo esperaba, abra este enlace. Funciona una sola vez, durante ${of.days} días, sin iniciar sesión. Bloquea el acceso de la aplicación y avisa a quienes administran el portal:

${of.link}

Aquí usted elige cuántos de estos correos recibe:

${of.issuer}/account/notifications`,
    }),
    summary: ({ since, list, issuer }) => ({
      subject: 'Quién vio sus datos',
      text: `Desde el ${since}, estas aplicaciones vieron datos suyos en el portal de identidad:

${list}

Cada vez, con la prueba y el botón «No esperaba esto»:

${issuer}/activity

Aquí usted elige cuántos de estos correos recibe:

${issuer}/account/notifications`,
    }),
    recoveryCodeUsed: ({ left }) => ({
      subject: 'Se usó un código de recuperación',
      text: `Alguien inició sesión en su cuenta del portal de identidad con su contraseña y un código de recuperación. ${format.plural(left, { one: 'Le queda 1 código de recuperación.', other: `Le quedan ${left} códigos de recuperación.` })}

Si no fue usted, establezca de inmediato una nueva contraseña y escriba a quienes administran el portal.`,
    }),
    wrongCodes: {
      subject: 'Alguien conoce su contraseña',
      text: `Alguien escribió la contraseña correcta de su cuenta del portal de identidad y después varios códigos equivocados. No logró entrar.

Si no fue usted, establezca de inmediato una nueva contraseña.`,
    },
  },
}
