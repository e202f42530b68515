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
      'Alguien usó un enlace de un correo dirigido a usted para avisar que usted no autorizó esta aplicación. No puede ver ninguno de sus datos ni pedirle acceso.',
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
      'Bloqueada: alguien usó un enlace de un correo dirigido a usted para avisar que usted no autorizó esta aplicación. No puede ver ninguno de sus datos.',
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
      html`Bloqueada: alguien usó un enlace de un correo dirigido a usted para avisar que usted no autorizó esta aplicación. No puede ver ninguno de sus datos hasta que usted <a href="${path}">quite el bloqueo o termine su acceso</a>.`,
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

  capture: {
    title: 'Su verificación de identidad',
    errorTitle: (title) => `Error en este paso: ${title}`,
    lead: 'Tome fotos de su documento y de su rostro, y escriba lo que dice el documento. Después, una persona los compara.',
    who: 'Una persona de nuestro equipo mira las fotos. Ninguna computadora decide, y aquí nada comprueba si una foto se toma en vivo.',
    stepOf: (number, all) => `Paso ${number} de ${all}`,
    backToSteps: 'Volver a los pasos',
    begin: 'Empezar',
    goOn: 'Siguiente paso',
    usePhone: 'Continuar en su teléfono',
    done: 'Listo',
    toDo: 'Pendiente',
    again: 'Repita este paso',
    asked: (steps) =>
      `Una persona miró lo que usted envió y le pide que repita: ${steps}. Esto es lo que escribió:`,
    confirmFirst: 'Inició sesión hace un rato. Primero le pedimos que confirme que es usted.',
    sentTitle: 'Una persona lo está mirando',
    sentLead: 'Todo llegó. Puede cerrar esta página. El resultado aparecerá con sus documentos.',
    standing: 'Ver cómo va y qué sigue',
    decided: (status) => `El resultado: ${status}.`,
    receivedPhoto: (photo) => `${photo}: recibida`,

    choose: {
      title: 'Su documento',
      lead: '¿Qué documento tiene a mano?',
      missing: 'Elija uno de los documentos.',
      replaces: 'Si elige otro documento, se borra lo que escribió.',
    },

    photo: {
      steps: {
        document_front: {
          title: 'Foto del frente',
          lead: 'Tome una foto del lado del documento que tiene su fotografía. De un pasaporte, la página con su fotografía.',
        },
        document_back: {
          title: 'Foto del reverso',
          lead: 'Dé vuelta al documento y tome una foto del otro lado.',
        },
        selfie: {
          title: 'Foto de su rostro',
          lead: 'Tome una foto de su rostro de frente, como se ve hoy.',
        },
      },
      advice: {
        document_front: [
          'Póngalo sobre una superficie oscura y lisa.',
          'Las cuatro esquinas salen en la foto.',
          'No hay reflejos, y se puede leer cada letra.',
        ],
        document_back: [
          'Las cuatro esquinas salen en la foto.',
          'No hay reflejos, y se puede leer cada letra.',
        ],
        selfie: [
          'Mire de frente a la cámara, con la luz por delante.',
          'Sin lentes oscuros, sin gorra y sin otras personas en la foto.',
        ],
      },
      file: 'Elija o tome la foto',
      hint: 'Un archivo JPEG, PNG, WebP o HEIC de hasta 20 MB. Un teléfono abre aquí su cámara.',
      openCamera: 'Usar la cámara de este dispositivo',
      takeAgain: 'Tomarla de nuevo',
      closeCamera: 'Cerrar la cámara',
      noCamera:
        'No se pudo abrir la cámara. Permítala en su navegador, o elija una foto de sus archivos.',
      view: 'Lo que la cámara ve ahora',
      outline: {
        card: 'Llene el marco con la tarjeta.',
        booklet: 'Llene el marco con la página que tiene su fotografía.',
        face: 'Ponga su rostro dentro del óvalo.',
      },
      live: {
        dark: 'Está algo oscuro. Busque más luz.',
        blurred: 'No se mueva hasta que la imagen se vea nítida.',
      },
      take: 'Tomar la foto',
      preview: 'La foto que va a enviar',
      says: {
        small:
          'Esta foto es pequeña. Quizás no se puedan leer las letras pequeñas. Acérquese si puede.',
        dark: 'Esta foto se ve oscura. Una foto con más luz es más fácil de verificar.',
        blurred: 'Esta foto se ve borrosa. Compruebe que puede leer cada letra.',
        type: 'Este archivo no parece una foto.',
        large: 'Este archivo tiene más de 20 MB. Tome una foto más pequeña.',
        unknown: 'Su navegador no puede mostrar esta foto aquí. Puede enviarla de todos modos.',
        good: 'Esta foto se ve nítida y con suficiente luz. Compruebe que puede leerla.',
      },
      send: 'Enviar esta foto',
      sending: 'Estamos enviando la foto. Deje abierta esta página.',
      progress: 'Cuánto de la foto se ha enviado',
      broken:
        'La conexión se cortó antes de que llegara la foto. No se perdió nada: envíela de nuevo cuando tenga conexión.',
      received: 'Tenemos esta foto. Si envía otra, reemplaza a esta.',
      replace: 'Una persona le pide otra foto en lugar de esta.',
      faults: {
        missing: 'Primero elija o tome una foto.',
        large: 'Este archivo tiene más de 20 MB. Tome una foto más pequeña.',
        type: 'Este archivo no es una foto que podamos usar. Envíe un JPEG, PNG, WebP o HEIC.',
        'cut-off': 'La foto no llegó completa. Envíela de nuevo.',
        pixels: 'Esta foto tiene más de 50 megapíxeles. Tome una más pequeña.',
        unreadable: 'Esta foto no se puede abrir: el archivo está dañado. Tome otra.',
        same: 'Esta es la misma foto de antes. Tome otra.',
        busy: 'No pudimos recibir la foto en este momento. Envíela de nuevo en unos segundos.',
        'too-many':
          'Esta verificación ya recibió demasiadas fotos. Escriba a quienes administran este portal.',
      },
    },

    details: {
      title: 'Lo que dice el documento',
      lead: 'Escríbalo como está impreso. Una persona lo compara con las fotos; solo cuenta después de eso.',
      wrong: 'Algunos datos todavía no pueden ser correctos. Cada lugar está marcado abajo.',
      differs:
        'Las líneas con los signos < dicen algo distinto de los otros campos. Compare ambos con su documento y corrija el que tenga el error. Puede dejar las líneas vacías.',
      differences: {
        name: 'El nombre es distinto.',
        'birth-date': 'La fecha de nacimiento es distinta.',
        number: 'El número es distinto.',
        nationality: 'La nacionalidad es distinta.',
        country: 'El país emisor es distinto.',
        expiry: 'La fecha de vencimiento es distinta.',
      },
      mrz: 'Las líneas con los signos <, si su documento las tiene',
      mrzHint:
        'Al pie de la página de un pasaporte o en el reverso de una tarjeta: dos o tres líneas. Los espacios no importan. Déjelo vacío si no hay ninguna.',
      fill: 'Llenar los campos vacíos con estas líneas',
      faults: {
        format:
          'Estas no son las líneas de un documento. Un pasaporte tiene dos líneas de 44 caracteres; una tarjeta tiene tres líneas de 30 o dos de 36.',
        length: (line, actual, expected) =>
          `La línea ${line} tiene ${actual} caracteres en lugar de ${expected}. Cuente también los signos <.`,
        characters: (line) =>
          `La línea ${line} tiene un carácter que no corresponde. Solo puede tener de A a Z, de 0 a 9 y <.`,
        parts: {
          kind: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: no empieza como un pasaporte o una tarjeta.`,
          country: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: no es el código de un país.`,
          names: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: los nombres solo tienen letras y signos <.`,
          number: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: el número del documento no corresponde a su dígito de control. Uno de estos caracteres está mal.`,
          nationality: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: no es el código de una nacionalidad.`,
          'birth-date': (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: la fecha de nacimiento no corresponde a su dígito de control. Uno de estos caracteres está mal.`,
          sex: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: aquí solo puede haber M, F o <.`,
          expiry: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: la fecha de vencimiento no corresponde a su dígito de control. Uno de estos caracteres está mal.`,
          'personal-number': (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: esto no corresponde a su dígito de control. Uno de estos caracteres está mal.`,
          line: (line, from, to) =>
            `Línea ${line}, caracteres ${from} a ${to}: el último dígito no corresponde a los datos con que se calcula. Un carácter de las líneas está mal.`,
        },
      },
      fields: {
        givenName: {
          label: 'Nombres',
          hint: 'Todos, en el orden del documento.',
          missing: 'Escriba sus nombres. Si el documento tiene un solo nombre, escríbalo aquí.',
          unusable: 'Esto no puede ser un nombre.',
        },
        surname: {
          label: 'Apellidos',
          hint: 'Déjelo vacío si el documento tiene un solo nombre.',
          missing: 'Escriba sus apellidos.',
          unusable: 'Esto no puede ser un apellido.',
        },
        dateOfBirth: {
          label: 'Fecha de nacimiento',
          hint: 'Por ejemplo, 27 3 1990.',
          missing: 'Escriba la fecha de nacimiento.',
          unusable: 'Este no es un día del pasado. Escriba el año con cuatro dígitos.',
        },
        number: {
          label: 'Número del documento',
          hint: 'Con sus letras. Los guiones y espacios no importan.',
          missing: 'Escriba el número del documento.',
          unusable: 'Este no puede ser el número de un documento.',
        },
        nationality: {
          label: 'Nacionalidad',
          missing: 'Elija la nacionalidad que indica el documento.',
          unusable: 'Elija una nacionalidad de la lista.',
        },
        country: {
          label: 'País que emitió el documento',
          missing: 'Elija el país que emitió el documento.',
          unusable: 'Elija un país de la lista.',
        },
        expiresOn: {
          label: 'Fecha de vencimiento',
          hint: 'Déjela vacía si el documento no tiene.',
          missing: 'Escriba la fecha de vencimiento.',
          unusable: 'Este no es un día del calendario. Escriba el año con cuatro dígitos.',
        },
      },
      parts: { day: 'Día', month: 'Mes', year: 'Año' },
      choose: 'Elija',
      stateless: 'Apátrida o refugiado',
      save: 'Guardar y continuar',
    },

    check: {
      title: 'Revisar y enviar',
      stated: 'Lo que usted escribió',
      linesFit: 'Las líneas con los signos < son coherentes y coinciden con lo que escribió.',
      change: (photo) => `Cambiar esta foto: ${photo}`,
      changeDetails: 'Cambiar lo que escribió',
      lead: 'Con esto usted declara que el documento es suyo y que escribió lo que dice. Después no podrá cambiar nada, a menos que se lo pidamos.',
      send: 'Enviar todo',
      busy: 'No se pudo enviar en este momento. Inténtelo de nuevo en unos segundos.',
    },

    phone: {
      title: 'Continuar en su teléfono',
      lead: 'Tome las fotos con su teléfono. Usted termina aquí.',
      noSignIn: 'No inicia sesión en el teléfono.',
      onlyPhotos:
        'El teléfono puede enviar fotos para esta verificación. No ve nada más de su cuenta.',
      create: 'Mostrar un código QR',
      scan: 'Apunte la cámara de su teléfono a este código y abra el enlace. Funciona una vez, durante diez minutos.',
      qrCode: 'Código QR con el enlace para su teléfono',
      waiting: 'Esperamos a su teléfono.',
      refresh: 'Ver si algo cambió',
      end: 'Desconectar el teléfono',
      opened: 'Un teléfono abrió el enlace.',
      code: 'El código en su teléfono',
      codeHint:
        'Cuatro dígitos. Si su teléfono no muestra ningún código, otra persona abrió el enlace: desconéctela.',
      wrongCode: 'Este no es el código. Mire su teléfono de nuevo.',
      connect: 'Conectar este teléfono',
      notMine: '¿No hay ningún código en su teléfono?',
      ended:
        'El código fue incorrecto demasiadas veces, o tardó demasiado. Muestre un nuevo código QR.',
      connected: 'Su teléfono está conectado por una hora.',
      goOnHere: 'Continuar aquí',
      openTitle: 'Tomar fotos con este teléfono',
      openLead: 'Aquí toma las fotos, y termina en su computadora.',
      openWarning:
        'Continúe solo si usted mismo abrió este código en su propia computadora. Nunca tome fotos de su documento para alguien que le envió un código.',
      open: 'Tomar fotos con este teléfono',
      linkUsed:
        'Este enlace ya se usó, venció o fue reemplazado. Muestre un código nuevo en su computadora.',
      disconnected:
        'Este teléfono ya no está conectado. Para tomar más fotos, muestre un código nuevo en su computadora.',
      onPhoneTitle: 'Fotos para su verificación de identidad',
      typeCode: 'Escriba este código en su computadora:',
      typeCodeHint: 'Después de eso, esta página continúa.',
      takingFor: (name) => `Usted toma fotos para la verificación de ${name}.`,
      allHere: 'Todas las fotos llegaron. Continúe en su computadora.',
      sent: 'Todo se envió. Puede cerrar esta página.',
    },
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
  },

  devices: {
    on: (browser, system) => `${browser} en ${system}`,
    unknown: 'Dispositivo desconocido',
  },

  activity: {
    title: 'Actividad',
    heading: 'Quién ha leído sus datos',
    lead: 'Registramos cada acceso antes de mostrar cualquier dato. El registro está protegido: nadie puede cambiarlo sin que se note. Las horas están en UTC.',
    none: 'Nadie ha leído sus datos todavía.',
    purpose: (purpose) => `Finalidad indicada: ${purpose}`,
    entry: (id) => `Registro ${id}`,
    older: 'Anteriores',
    you: 'Usted',
    removedApplication: 'Una aplicación que fue eliminada',
    operator: 'Quienes administran este portal',
    images: {
      document_front: 'el frente de su documento',
      document_back: 'el reverso de su documento',
      selfie: 'su rostro',
    },
    wasShown: (images) => `Se le mostró: ${images}.`,
    shownWithoutPhotos: 'Se le mostró su verificación de identidad, sin fotos.',
    metadata: (images) => `Leyó el tamaño y la fecha de: ${images}; pero no vio la foto.`,
    nothing: 'Pidió sus datos, pero no había nada que mostrar.',
    person: 'Leyó sus datos personales.',
    residency: 'Leyó su residencia.',
    status: 'Leyó si su identidad fue verificada, y nada más.',
    age: (age) => `Leyó si usted tiene más de ${age} años, y nada más.`,
    claims: (names) => `Leyó ${names}.`,
    claimsAndImages: (names, images) => `Leyó ${names}, y se le mostró: ${images}.`,
    claimNames: {
      name: 'su nombre',
      given_name: 'su nombre',
      family_name: 'su nombre',
      email: 'su correo electrónico',
      email_verified: 'su correo electrónico',
      verified_claims: 'el resultado de su verificación de identidad',
    },
    event: 'Recibió un aviso de que su verificación de identidad cambió.',
    refusal: (scopes) => `Pidió algo que usted no había permitido (${scopes}) y se le negó.`,
    tenantReads: {
      verification: 'Leyó una de sus verificaciones de identidad.',
      verifications: 'Leyó la lista de sus verificaciones de identidad.',
      result: 'Leyó el resultado de una verificación de identidad.',
      'started verification': 'Inició una verificación de identidad para usted.',
      subject: 'Leyó el identificador que usa para usted y si usted está vinculado con ella.',
      subjects:
        'Leyó, en una lista de personas, el identificador que usa para usted y si usted está vinculado con ella.',
      alerts: 'Leyó que algo en una de sus verificaciones de identidad necesita revisión.',
    },
    reviews: {
      approved: 'Revisó su verificación de identidad y la aprobó.',
      declined: 'Revisó su verificación de identidad y la rechazó.',
    },
    alertResolved: 'Se leyó y se resolvió una alerta sobre una de sus verificaciones de identidad.',
    alertEnded:
      'Se resolvió una alerta sobre una de sus verificaciones de identidad, porque el documento ahora coincide con su cuenta.',
    operatorReads: {
      resident: 'Leyeron sus datos personales.',
      verification: 'Leyeron una de sus verificaciones de identidad.',
      delivery: 'Leyeron un mensaje que una empresa de verificación envió sobre usted.',
      event: 'Leyeron qué avisos se enviaron sobre usted.',
      ledger: 'Leyeron esta lista.',
      alert: 'Leyeron que algo en una de sus verificaciones de identidad necesita revisión.',
    },
    exported: 'Se hizo una copia de todo lo que este portal guarda sobre usted.',
    verificationErased: 'Se borró una verificación de identidad.',
    accountErased: 'Se borró su cuenta.',
    subjectErased: (organisation) => `Se borró el registro que ${organisation} tenía de usted.`,
    anOrganisation: 'una organización',
    accepted: (reason) => `Se aceptó su documento para esta cuenta. ${reason}.`,
    notAccepted: (reason) => `No se aceptó su documento para esta cuenta. ${reason}.`,
    reason: (reason) => `Motivo: ${reason}`,
    reasonErased: 'El motivo fue borrado',
    factorsRemoved:
      'Se quitaron sus claves de acceso, su aplicación de autenticación y sus códigos de recuperación.',
    linked: (organisation) =>
      `Se vinculó a su cuenta el registro que ${organisation} tiene de usted.`,
    unlinked: (organisation) =>
      `Se terminó el vínculo con el registro que ${organisation} tiene de usted.`,
    trust:
      'Este portal empezó o dejó de aceptar las verificaciones de identidad de una organización.',
    unrecognized: 'Leyó algunos de sus datos.',
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
