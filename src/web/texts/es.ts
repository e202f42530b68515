import { html } from 'hono/html'
import type { Texts } from './en.ts'
import { createFormats } from './formats.ts'

const format = createFormats('es-HN')

/*
 * Words: account "cuenta", activity "actividad", allow "permitir", application "aplicación" (feminine, as are names of applications), authenticator
 * app "aplicación de autenticación", check and verification "verificación", consent "permiso" in sentences and "consentimiento" as a term, decline
 * "rechazar", device "dispositivo", end "terminar", erase "borrar", expire "vencer", freeze "bloquear" and "bloqueo", identity card "documento de
 * identidad", link in a mail "enlace", link to an organisation "vínculo", passkey "clave de acceso", password "contraseña", people who run this
 * portal "quienes administran este portal", photo of a face "rostro" and "selfi", purpose "finalidad", recovery code "código de recuperación",
 * remove "quitar", report "reportar" and "avisar", session "sesión", sign in "iniciar sesión".
 */

/** Spanish as in Honduras, with "usted". */
export const es: Texts = {
  language: { tag: 'es', name: 'Español' },
  format,

  frame: {
    portal: 'Portal de identidad',
    skip: 'Ir al contenido',
    footer: 'Sus documentos son suyos. Nadie los ve por medio de este portal sin su permiso.',
    language: 'Idioma',
    about: 'Acerca de este portal',
    help: 'Ayuda',
    contact: 'Contacto',
    privacy: 'Privacidad',
    accessibility: 'Accesibilidad',
    developers: 'Desarrolladores',
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
    momentIn: (moment, zone) => `${moment} (${zone})`,
    passkeyFailed: 'No funcionó. Inténtelo de nuevo o use su contraseña.',
    tooManyTries: (seconds) =>
      `Ha hecho demasiados intentos. Espere ${seconds} ${format.plural(seconds, { one: 'segundo', other: 'segundos' })}.`,
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

  sandbox: {
    name: 'Entorno de pruebas',
    banner: 'Personas inventadas: aquí nada es real.',
    title: 'Elija un personaje',
    errorTitle: 'Error: elija un personaje',
    lead: 'Verá las páginas de esta persona, como un residente ve las suyas.',
    leadFor: (application) =>
      html`${application} desea saber quién es usted. Elija a quién conocerá: no hay contraseña.`,
    legend: 'Personajes',
    button: 'Continuar como esta persona',
    unknown: 'Elija uno de estos personajes.',
    confirmLead:
      'Aquí un residente confirma su identidad con una contraseña o una clave de acceso. Un personaje solo necesita este botón.',
    confirmButton: (name) => `Continuar como ${name}`,
    notHere:
      'El entorno de pruebas no tiene esa página. Los residentes tienen páginas propias para su cuenta y sus verificaciones; lo que le ocurre a un personaje depende de su tipo.',
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
    purposes: {
      'change-email': 'Está a punto de cambiar su correo electrónico.',
      'change-password': 'Está a punto de cambiar su contraseña.',
      'add-passkey': 'Está a punto de agregar una clave de acceso.',
      'remove-passkey': 'Está a punto de quitar una clave de acceso.',
      'add-totp': 'Está a punto de configurar una aplicación de autenticación.',
      'remove-totp': 'Está a punto de quitar la aplicación de autenticación.',
      'new-recovery-codes': 'Está a punto de generar nuevos códigos de recuperación.',
      'end-session': 'Está a punto de cerrar la sesión de otro dispositivo.',
      'end-others': 'Está a punto de cerrar la sesión de todos los demás dispositivos.',
      adopt: 'Está a punto de usar en su cuenta el nombre de su documento.',
      photos: 'Está a punto de ver sus fotos.',
      details: 'Está a punto de ver sus fotos y lo que se leyó en su documento.',
      revoke: 'Está a punto de terminar el acceso de una aplicación.',
      link: 'Está a punto de vincular una organización con su cuenta.',
      'applications save': 'Está a punto de permitir que una aplicación vea más.',
      'account save': 'Está a punto de elegir qué correos recibe.',
      'verify save': 'Está a punto de cambiar lo que indicó para su verificación de identidad.',
      'verify open': 'Está a punto de ver las fotos y los datos de su verificación de identidad.',
      start: 'Está a punto de iniciar una verificación de identidad.',
      'request-export': 'Está a punto de pedir una copia de sus datos.',
      'open-export': 'Está a punto de descargar una copia de sus datos.',
      erase: 'Está a punto de pedir que se borre su cuenta.',
      lift: 'Está a punto de quitar el bloqueo de una aplicación.',
      allow: 'Está a punto de permitir que una aplicación vea sus datos.',
    },
    button: 'Confirmar',
    passkey: 'Confirmar con una clave de acceso',
    wrongPassword: 'Esa no es su contraseña.',
    otherAccount: 'Eso pertenece a otra cuenta.',
  },

  consent: {
    title: (application) => `¿Permitir el acceso de ${application}?`,
    errorTitle: (application) => `Error: ¿permitir el acceso de ${application}?`,
    heading: (application) => `¿Permite que ${application} vea esto?`,
    purpose: (application, purpose) => html`${application} indica esta finalidad: ${purpose}`,
    noPurpose: (application) => `${application} no indica ninguna finalidad.`,
    untick: (application) =>
      `Desmarque lo que no quiera compartir. ${application} ve lo que usted permita y continúa con eso.`,
    choose: (application) =>
      `No se comparte nada que usted no elija. ${application} ve lo que usted permita y continúa con eso.`,
    unanswered: 'Todavía no se ha compartido nada. Elija qué comparte:',
    whenYouAreAway: (scope) =>
      html`Con ${scope}, puede ver esto aunque usted no esté; sin ello, solo mientras usted tenga la sesión iniciada aquí.`,
    whileSignedIn: 'Puede ver esto mientras usted tenga la sesión iniciada aquí.',
    end: html`Puede cambiar o terminar este consentimiento en cualquier momento en <a href="/">su propia página</a>, con efecto inmediato. Los enlaces que la aplicación ya recibió dejan de funcionar en el plazo de una hora.`,
    willConfirm:
      'Inició sesión hace un rato. Si lo permite, le pediremos que confirme que es usted.',
    allowTicked: 'Permitir lo marcado',
    allowChosen: 'Permitir lo que elegí',
    allow: 'Permitir',
    signedInAs: (name, email) => `Tiene la sesión iniciada como ${name} (${email}).`,
    otherAccount: '¿No es usted? Use otra cuenta',
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
    trusted: 'Las personas que administran este portal revisaron esta aplicación.',
    resembles: (application, trusted) =>
      html`Tenga cuidado: el nombre ${application} se parece a ${trusted}, que es otra aplicación. Las personas que administran este portal revisaron esa otra, y no esta.`,
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
    notYou: html`Termine su acceso. Después no tiene ningún acceso, y no puede pedirle permiso mientras esté bloqueada. Si todavía no lo ha hecho, <a href="/reset">establezca una nueva contraseña</a>.`,
    youHeading: 'Si sí fue usted',
    you: (application) =>
      `Quite el bloqueo. Lo que usted le permitió a ${application} vuelve a valer de inmediato; si ya terminó su acceso, puede pedirle permiso de nuevo.`,
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
    share: 'Compartir esto',
    doNotShare: 'No compartir esto',
    unanswered: 'Elija una de estas opciones.',
    whichPhotos: '¿Qué fotos?',
    withoutPhotos:
      'Lo que no esté marcado no se comparte. Sin ninguna foto, la aplicación solo sabe que usted fue verificado, cuándo y con qué tipo de documento.',
    whyHidden: 'Usted inició sesión hace un rato, por eso sus datos y fotos están ocultos.',
    show: 'Mostrar lo que se compartiría',
    hidden: 'Oculto.',
    facts: {
      name: 'Nombre',
      dateOfBirth: 'Fecha de nacimiento',
      countryOfBirth: 'País de nacimiento',
      citizenships: 'Nacionalidades',
      sex: 'Sexo',
      residentPermitNumber: 'Número de permiso',
      address: 'Dirección',
      phoneNumber: 'Teléfono',
    },
    resident: (kind, day) => html`Hoy: ${kind}, desde el ${day}.`,
    noResident: 'Hoy: usted no es residente.',
    verified: (day, document) => html`Hoy: verificado el ${day}, con su ${document}.`,
    notVerified: 'Hoy: ninguna de sus verificaciones está aprobada.',
    adult: {
      yes: 'Hoy, a la pregunta de si tiene 18 años cumplidos, la respuesta es sí.',
      no: 'Hoy, a la pregunta de si tiene 18 años cumplidos, la respuesta es no.',
    },
    noBirthDate: 'Hoy no hay respuesta, porque su fecha de nacimiento no está en el registro.',
    howLong: 'Por cuánto tiempo',
    periods: { day: '1 día', month: '30 días', quarter: '90 días', year: '1 año' },
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
    doneTitle: 'Dispositivo conectado',
    doneHeading: (application) => `${application} ya está conectada`,
    doneLead: html`Vuelva a su dispositivo; puede cerrar esta página. Puede terminar su acceso en cualquier momento en <a href="/">su propia página</a>.`,
    endedTitle: 'El dispositivo no se conectó',
    aborted:
      'Usted canceló. No se permitió nada y el código ya no sirve. Puede cerrar esta página.',
    noCode: 'Escriba el código que muestra su dispositivo.',
    wrongCode:
      'Este código no existe, venció o ya se usó. Revise su dispositivo e inténtelo de nuevo.',
  },

  signOut: {
    title: '¿Cerrar sesión?',
    lead: 'Una aplicación pide cerrar también su sesión en el portal de identidad.',
    stay: 'Seguir con la sesión iniciada',
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
      html`El documento venció el ${day}. Es posible que las aplicaciones ya no lo acepten.`,
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
    purpose: 'Finalidad',
    withheld: 'Fotos que no se comparten',
    lastRead: 'Última lectura de sus datos',
    neverRead: 'nunca',
    change: 'Cambiar',
    changeLabel: (application) => `Cambiar lo que ${application} puede ver`,
    end: 'Terminar el acceso',
  },

  verify: {
    title: 'Verifique su identidad',
    lead: 'Usted toma fotos de un documento de identidad y de su rostro. Se comparan, y desde entonces puede mostrar a las aplicaciones quién es usted.',
    leadFor: (application) =>
      `${application} pide su documento de identidad. Usted toma fotos del documento y de su rostro, se comparan, y después vuelve para decidir qué puede ver ${application}.`,
    needs: 'Lo que necesita',
    needed: [
      'Su pasaporte, documento de identidad, licencia de conducir o permiso de residencia: el documento mismo, no una copia.',
      'Un teléfono o una computadora con cámara, y buena luz.',
      'Unos cinco minutos.',
    ],
    checkedBy: (vendor) =>
      vendor
        ? `Las fotos las revisa ${vendor}, en sus propias páginas. Después usted vuelve aquí.`
        : 'Las fotos las revisan las personas que administran este portal. Eso puede tardar uno o dos días.',
    storedHere:
      'El resultado y las fotos se guardan aquí. Ninguna aplicación los ve antes de que usted lo permita.',
    start: 'Empezar',
    startAgain: 'Empezar de nuevo',
    already: (day) =>
      html`Su identidad fue verificada el ${day}. Solo necesita hacer esto si tiene un documento nuevo.`,
    notOffered:
      'En este momento no se puede empezar aquí, porque no hay nadie configurado para revisar documentos. Por favor, escriba a quienes administran este portal.',
    tooManyTitle: 'Error: verifique su identidad',
    tooMany: (moment) =>
      html`Hoy ya inició muchas verificaciones. Puede iniciar la siguiente el ${moment}. Si sigue fallando, escriba a quienes administran este portal.`,
    backTo: (application) => `Volver a la solicitud de ${application}`,
    continueWith: (application) => `Continuar con ${application}`,
    waits: (application, moment) =>
      html`${application} está esperando. No hace falta que espere aquí: vuelva y decida ahora, y lo que permita se compartirá en cuanto termine la verificación. La solicitud queda abierta hasta el ${moment}. Después, empiece de nuevo en ${application}.`,
    requestEnded:
      'La solicitud de la aplicación ya no está abierta: fue respondida o venció. Si todavía quiere ir allí, empiece de nuevo en la aplicación. Lo que haga aquí no se pierde.',
    steps: 'Pasos',
    stepNames: [
      'Empezar',
      'Tomar las fotos',
      'Se revisan las fotos',
      'Las fotos se guardan aquí',
      'Listo',
    ],
    stepDone: 'hecho',
    stepNow: 'ahora',
    stepFailed: 'sin terminar',
    states: {
      starting: {
        title: 'La verificación se está iniciando',
        text: (vendor) =>
          `Estamos pidiendo a ${vendor ?? 'este portal'} que inicie la verificación. Tarda unos segundos.`,
      },
      'not-started': {
        title: 'No se pudo iniciar la verificación',
        text: () =>
          'En este momento no podemos comunicarnos con nadie que revise documentos. Por favor, intente de nuevo en unos minutos. Si sigue fallando, escriba a quienes administran este portal.',
      },
      'at-vendor': {
        title: 'Tome sus fotos',
        text: (vendor) =>
          vendor
            ? `Las fotos se toman en las páginas de ${vendor}. Si ya terminó allí, su respuesta todavía no ha llegado: puede tardar unos minutos.`
            : 'Las fotos se toman aquí, y las revisan las personas que administran este portal.',
      },
      'new-photos': {
        title: 'Se necesitan fotos nuevas',
        text: (vendor) =>
          `${vendor ?? 'La persona que las revisó'} no pudo revisar las fotos. Por favor, tómelas de nuevo, con buena luz, con todo el documento en la imagen y sin nada que lo tape.`,
      },
      checking: {
        title: 'Sus fotos se están revisando',
        text: (vendor) =>
          `${vendor ?? 'El portal'} recibió sus fotos. El resultado suele llegar en unos minutos. Puede cerrar esta página.`,
      },
      'in-review': {
        title: 'Sus fotos se están revisando',
        text: (vendor) =>
          vendor
            ? `Personas de ${vendor} están viendo sus fotos. Eso puede tardar un día. Puede cerrar esta página.`
            : 'Personas de este portal están viendo sus fotos. Eso puede tardar uno o dos días. Puede cerrar esta página.',
      },
      mismatch: {
        title: 'Su documento se está comparando',
        text: () =>
          'El documento fue revisado, y no coincide en todo con su cuenta. Una persona de nuestro equipo lo verá. Puede cerrar esta página.',
      },
      photos: {
        title: 'Su identidad está verificada',
        text: () => 'Las fotos todavía se están copiando a este portal. Tarda un momento.',
      },
      done: {
        title: 'Su identidad está verificada',
        text: () => 'Su documento fue revisado, y sus fotos están guardadas aquí.',
      },
      'document-expired': {
        title: 'Su documento venció',
        text: () => 'Fue revisado, pero ya no es válido. Por favor, haga verificar uno nuevo.',
      },
      declined: {
        title: 'La verificación fue rechazada',
        text: (vendor) =>
          `${vendor ?? 'El portal'} no aceptó las fotos o el documento. Puede empezar de nuevo con otro documento, o con mejores fotos.`,
      },
      rejected: {
        title: 'El documento no fue aceptado',
        text: () =>
          'Nuestro equipo no aceptó este documento para su cuenta. Si cree que es un error, escriba a quienes administran este portal. También puede empezar de nuevo con otro documento.',
      },
      expired: {
        title: 'La verificación terminó sin resultado',
        text: () => 'No se completó a tiempo, o fue cancelada. Puede empezar de nuevo.',
      },
      failed: {
        title: 'No se pudo completar la verificación',
        text: (vendor) => `Algo salió mal${vendor ? ` en ${vendor}` : ''}. Puede empezar de nuevo.`,
      },
    },
    goOn: (vendor) => (vendor ? `Continuar con ${vendor}` : 'Tomar las fotos'),
    newPhotos: 'Tomar fotos nuevas',
    checkAgain: 'Consultar de nuevo',
    seeIt: 'Ver su verificación',
    otherwise: 'Si algo no está bien',
    usedUp: 'Si la página para las fotos ya no se abre, empiece de nuevo con otra.',
    removesIt: 'Si no quiere verificar su identidad ahora, cancele. No se guarda nada.',
    endsIt: 'Si no quiere tomar fotos nuevas, cancele. Puede empezar de nuevo más tarde.',
    cancel: 'Cancelar la verificación',
    noPageNow:
      'En este momento no se puede abrir la página para las fotos. Por favor, intente de nuevo en un minuto.',
    elsewhereTitle: 'Vuelva al dispositivo en el que empezó',
    elsewhere:
      'Si en este teléfono solo tomó las fotos, aquí ya terminó. El dispositivo en el que empezó muestra cómo sigue.',
    elsewhereOr: 'Si quiere verlo aquí, inicie sesión.',
    cardText:
      'Tome una vez fotos de un documento de identidad y de su rostro, y muestre a las aplicaciones quién es usted cuando lo permita.',
    cardStart: 'Verificar su identidad ahora',
    missing: {
      heading: 'Su identidad todavía no está verificada',
      none: (application) =>
        `${application} pide algo que solo existe después de verificar su identidad. Puede hacerlo ahora y volver aquí.`,
      'to-finish': (application) =>
        `${application} pide algo que solo existe después de verificar su identidad. Usted ya empezó, pero no ha terminado.`,
      'being-checked': (application) =>
        `${application} pide algo que solo existe después de verificar su identidad. Sus fotos se están revisando.`,
      verifyNow: 'Verificar primero su identidad',
      goOn: 'Continuar la verificación',
      seeIt: 'Ver cómo va',
      later:
        'O decida ahora: lo que permita se compartirá en cuanto exista, y se le avisará a la aplicación.',
    },
  },

  reasons: {
    'document-expired': {
      why: 'El documento está vencido.',
      next: 'Use un documento vigente.',
    },
    'document-not-accepted': {
      why: 'No se acepta este tipo de documento, o el país que lo emitió.',
      next: 'Use un pasaporte u otro documento oficial con su foto.',
    },
    'document-damaged': {
      why: 'El documento está dañado o fue anulado.',
      next: 'Use otro documento que esté en buen estado.',
    },
    'document-incomplete': {
      why: 'En las fotos falta una parte del documento.',
      next: 'Fotografíe cada lado que se le pida, con las cuatro esquinas en la foto y sin nada que las tape.',
    },
    'document-unconfirmed': {
      why: 'No se pudo confirmar el documento.',
      next: 'Inténtelo de nuevo con el documento original, o con otro.',
    },
    'original-needed': {
      why: 'Las fotos muestran una copia, un escaneo o una pantalla, o no son a color.',
      next: 'Fotografíe el documento original, a color.',
    },
    'photo-unclear': {
      why: 'No se puede leer el documento en las fotos, porque están borrosas, oscuras o con reflejos.',
      next: 'Tome las fotos con luz de día, sin flash y sin mover la cámara.',
    },
    'face-unclear': {
      why: 'Su rostro no se ve con suficiente claridad.',
      next: 'Tómese la foto a solas y con buena luz, sin lentes de sol, gorra ni mascarilla.',
    },
    'face-different': {
      why: 'No se pudo relacionar la foto de su rostro con la foto del documento.',
      next: 'Tómese la foto de nuevo con buena luz y mirando de frente a la cámara. Si la foto de su documento es antigua, use un documento más reciente.',
    },
    'data-different': {
      why: 'Los datos que usted escribió no son iguales a los del documento o a los de un registro.',
      next: 'Escriba sus datos exactamente como están en el documento.',
    },
    'more-needed': {
      why: 'Faltó algo más.',
      next: 'Comience de nuevo y agregue todo lo que se le pida.',
    },
    'address-proof': {
      why: 'No se pudo confirmar su dirección.',
      next: 'Use una carta o un recibo reciente que muestre su nombre completo y su dirección.',
    },
    'contact-unconfirmed': {
      why: 'No se confirmó su correo electrónico o su número de teléfono.',
      next: 'Comience de nuevo y escriba el código que reciba.',
    },
    age: {
      why: 'Esta verificación no se ofrece a personas de su edad.',
      next: 'Escriba a quienes administran este portal: tal vez conozcan otra manera.',
    },
    region: {
      why: 'Esta verificación no se ofrece en su país o en su idioma.',
      next: 'Escriba a quienes administran este portal: tal vez conozcan otra manera.',
    },
    'agreement-missing': {
      why: 'Usted no aceptó la verificación.',
      next: 'Si desea verificarse, comience de nuevo y acéptela.',
    },
    device: {
      why: 'La verificación no funciona en el dispositivo que usó.',
      next: 'Comience de nuevo en un teléfono o una computadora con cámara y un navegador actualizado.',
    },
    unfinished: {
      why: 'La verificación no se terminó.',
      next: 'Comience de nuevo cuando tenga a mano su documento y unos minutos.',
    },
    'too-many-tries': {
      why: 'Hubo demasiados intentos.',
      next: 'Comience una verificación nueva y mire cada foto antes de enviarla.',
    },
    technical: {
      why: 'Hubo un problema técnico, que no fue culpa suya.',
      next: 'Por favor, inténtelo de nuevo más tarde.',
    },
    unstated: {
      why: 'No se pudo confirmar su identidad con lo que se envió. No podemos decirle más sobre el motivo.',
      next: 'Inténtelo de nuevo con el original de un documento vigente y con buena luz. Si cree que es un error, escriba a quienes administran este portal.',
    },
    'photos-wanted': {
      why: 'Algunas fotos no tenían suficiente calidad.',
      next: 'Tómelas de nuevo con el documento original y con buena luz.',
    },
    tryAgain: 'Intentar de nuevo',
    newPhotos: 'Tomar fotos nuevas',
    newDocument: 'Verificar un documento',
    askOrganisation:
      'Una organización inició esta verificación para usted. Pregunte allí por el motivo y por lo que debe hacer.',
    expiresSoon: 'Haga verificar un documento nuevo antes de que venza este.',
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
    backToCheck: 'Volver a su verificación',
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
    signedInOn: (count) =>
      format.plural(count, {
        one: 'Solo tiene la sesión iniciada en este navegador.',
        other: `Tiene la sesión iniciada en ${count} navegadores.`,
      }),
    seeDevices: 'Ver dónde y cerrar sesión',
    data: 'Sus datos',
    exportHelp:
      'Llévese todo lo que guardamos sobre usted: sus datos, sus fotos y quién los ha leído.',
    exportLink: 'Descargar sus datos',
    eraseHelp: 'Irse: se borra todo lo que lo identifica a usted.',
    eraseLink: 'Borrar su cuenta',
    forDevelopers: 'Para desarrolladores',
    forDevelopersHelp: 'Cree una aplicación que pida a las personas lo que se guarda aquí.',
    noAddress: 'Escriba una dirección de correo electrónico.',
    sameAddress: 'Esta ya es su dirección.',
    passkeyAddedWithCodes: (name) =>
      `Se agregó la clave de acceso «${name}». Desde ahora puede iniciar sesión con ella.`,
  },

  timeZone: {
    title: 'Zona horaria',
    errorTitle: 'Error: zona horaria',
    lead: 'Las páginas y los correos muestran las horas en esta zona.',
    ofPortal: (zone) => `La zona de este portal (${zone})`,
    unknown: 'Elija una zona horaria de la lista.',
    save: 'Guardar',
    shown: (zone) => `Las horas se muestran en esta zona: ${zone}.`,
    change: 'Cambiar la zona horaria',
    regions: {
      '': 'Todas partes',
      Africa: 'África',
      America: 'América',
      Antarctica: 'Antártida',
      Arctic: 'Ártico',
      Asia: 'Asia',
      Atlantic: 'Océano Atlántico',
      Australia: 'Australia',
      Europe: 'Europa',
      Indian: 'Océano Índico',
      Pacific: 'Océano Pacífico',
    },
  },

  notices: {
    'verification-cancelled': 'La verificación fue cancelada.',
    'time-zone-set': 'Se guardó la zona horaria.',
    'passkey-added': 'Se agregó la clave de acceso. Desde ahora puede iniciar sesión con ella.',
    'passkey-renamed': 'Se cambió el nombre de la clave de acceso.',
    'passkey-removed': 'Se quitó la clave de acceso. Ya nadie puede iniciar sesión con ella.',
    'totp-added': 'Se agregó la aplicación de autenticación.',
    'totp-removed': 'Se quitó la aplicación de autenticación.',
    'session-ended': 'Se cerró la sesión en ese dispositivo.',
    'sessions-ended': 'Se cerró la sesión en todos los demás dispositivos.',
    'export-requested': 'Su archivo se está preparando.',
    'erasure-cancelled':
      'Su cuenta se queda. Las aplicaciones no tienen acceso hasta que usted lo permita de nuevo.',
    'notifications-saved': 'Guardado. Se aplica a partir del próximo correo.',
  },

  devices: {
    on: (browser, system) => `${browser} en ${system}`,
    unknown: 'Dispositivo desconocido',
    title: 'Dónde tiene la sesión iniciada',
    lead: 'Si no reconoce alguno de estos, cierre su sesión y establezca una nueva contraseña.',
    methods: {
      password: 'Sesión iniciada con su contraseña',
      passwordAndCode: 'Sesión iniciada con su contraseña y un código',
      passkey: 'Sesión iniciada con una clave de acceso',
    },
    thisBrowser: 'Este navegador',
    used: (signedIn, used) =>
      html`Sesión iniciada el ${signedIn}; usada por última vez el ${used}.`,
    usedFor: (applications) => `Usada para iniciar sesión en ${applications}.`,
    endLabel: (device) => `Cerrar sesión en ${device}`,
    endOthers: 'Cerrar sesión en todos los demás',
    help: 'Su sesión se cierra después de 12 horas sin uso y, a más tardar, 14 días después de la última vez que la inició.',
    staying: 'Aplicaciones que siguen conectadas',
    stayingHelp:
      'Usted les permitió leer sus datos también cuando no tiene la sesión iniciada. Cerrar sesión no cambia eso. Lo termina en la página de cada una.',
    back: 'Volver a su cuenta',
  },

  erase: {
    title: 'Borrar su cuenta',
    errorTitle: 'Error: borrar su cuenta',
    atOnce: 'Todo lo que lo identifica a usted se borra de inmediato. No se puede deshacer.',
    after: (days) =>
      format.plural(days, {
        one: 'Todo lo que lo identifica a usted se borra un día después de que lo pida. Hasta entonces puede cambiar de opinión.',
        other: `Todo lo que lo identifica a usted se borra ${days} días después de que lo pida. Hasta entonces puede cambiar de opinión.`,
      }),
    exportFirst: html`Quizás quiera <a href="/account/export">descargar sus datos</a> antes.`,
    goes: 'Qué se borra',
    goesList: [
      'Su nombre, su correo electrónico y todo lo que el registro dijo de usted',
      'Sus verificaciones de identidad, con lo que se leyó de sus documentos y todas las fotos; también pedimos a la empresa que hizo la verificación que borre su copia',
      'Sus contraseñas, claves de acceso y demás formas de iniciar sesión, y dónde tenía la sesión iniciada',
      'Lo que permitió a las aplicaciones y los archivos que pidió descargar',
    ],
    stays: 'Qué se queda y por qué',
    staysList: [
      'El registro de quién leyó qué. Tiene números al azar en lugar de nombres, así que no lleva a nadie, y prueba después lo que ocurrió.',
      'Que existió una verificación, cuántas fotos tenía y que se borraron. Sin eso no habría prueba para usted.',
      'Lo que guardan las propias aplicaciones y organizaciones. Pedimos a las aplicaciones que borren sus copias. Una organización que lo verificó para sus propios fines conserva su verificación; pregúntele directamente.',
      'Las copias de seguridad de este portal, hasta que se sobrescriban. Nada se restaura de ellas a su cuenta.',
    ],
    told: 'A qué aplicaciones se avisa',
    toldHelp:
      'Estas aplicaciones leyeron sus datos, o usted se lo permitió. Se les pide que borren sus copias, y lo que respondan es parte de su prueba.',
    toldNobody: 'Ninguna aplicación ha leído sus datos, así que no hay a quién avisar.',
    sharingEnds: 'Todas las aplicaciones pierden su acceso.',
    sharingEndsNow:
      'Todas las aplicaciones pierden su acceso en cuanto usted lo pida. Si cambia de opinión, tiene que permitirles de nuevo.',
    understood: 'Entiendo qué se borra y qué se queda.',
    notUnderstood: 'Marque esta casilla si desea continuar.',
    button: 'Borrar mi cuenta',
    requestedTitle: 'Su cuenta se borrará',
    requestedLead:
      'Puede seguir usándola hasta entonces, pero las aplicaciones ya no tienen acceso. Le enviamos un correo con la prueba cuando esté hecho.',
    banner: (at) => html`Su cuenta se borrará el ${at}.`,
    cancel: 'Conservar mi cuenta',
  },

  erased: {
    beginningTitle: 'Su cuenta se está borrando',
    beginning:
      'Tarda un momento. También enviamos un enlace a esta página a su correo electrónico.',
    title: 'Su cuenta está borrada',
    at: (at) => html`Se borró el ${at}.`,
    complete: 'De nuestra parte no queda nada por hacer.',
    goesOn: 'Todavía se están borrando algunas copias. Esta página muestra lo que ya está hecho.',
    checks: 'Verificaciones de identidad',
    noChecks: 'No había verificaciones de identidad.',
    photosErased: (count) =>
      count === 0
        ? 'Aquí no había fotos.'
        : format.plural(count, {
            one: 'Aquí se borró una foto.',
            other: `Aquí se borraron ${count} fotos.`,
          }),
    photosLeft: 'Las fotos se están borrando aquí.',
    vendorAsked: (verifier) => `Se pide a ${verifier} que borre su copia.`,
    vendorErased: (verifier) => `${verifier} ya no tiene ninguna copia.`,
    vendorCannot: (verifier) =>
      `${verifier} no ofrece una forma de borrar su copia desde aquí. Pregunte a quienes administran este portal.`,
    applications: 'Aplicaciones',
    noApplications: 'Ninguna aplicación había leído sus datos.',
    hasErased: (name) => `${name} dice que borró sus copias.`,
    holdsNothing: (name) => `${name} dice que no guarda nada.`,
    kept: (name, reason) => `${name} dice que conserva sus copias: ${reason}`,
    toldAlready: (name) => `Se avisó a ${name}, que todavía no ha respondido.`,
    toBeTold: (name) => `Se avisará a ${name}.`,
    proof: 'Su prueba',
    proofHelp:
      'Una declaración firmada de lo que se borró y cuándo. Contiene números al azar y ningún nombre. No necesita una cuenta para descargarla; esta página funciona durante un año.',
    download: 'Descargar la prueba',
    verify: (keys) => html`Las claves que la verifican están en ${keys}.`,
  },

  archive: {
    title: 'Descargar sus datos',
    lead: 'Recibe un solo archivo ZIP con todo lo que este portal guarda sobre usted.',
    contains: 'Contiene:',
    contents: [
      'su cuenta, cómo inicia sesión y dónde tiene la sesión iniciada',
      'sus verificaciones de identidad: los resultados, lo que se leyó de sus documentos y las fotos tal como se tomaron',
      'lo que usted permitió a las aplicaciones y quién leyó qué',
    ],
    signed:
      'Dentro va una firma de este portal, para que otros puedan comprobar que nada del archivo fue cambiado.',
    request: 'Preparar el archivo',
    again: 'Preparar un archivo nuevo',
    requestHelp:
      'Tarda unos minutos. Puede cerrar esta página: le escribimos un correo cuando el archivo esté listo. Puede pedir tres archivos al día.',
    preparing: 'Su archivo se está preparando.',
    files: (count) =>
      count === 0
        ? 'Todavía no hay ninguna parte lista.'
        : format.plural(count, {
            one: 'Hay una parte lista.',
            other: `Hay ${count} partes listas.`,
          }),
    preparingHelp:
      'Puede cerrar esta página. Le escribimos un correo cuando el archivo esté listo.',
    check: 'Revisar de nuevo',
    ready: (size, until) =>
      html`Su archivo está listo (${size}). Puede descargarlo hasta el ${until}; después se borra.`,
    readyHelp:
      'El archivo contiene copias de sus documentos. Guárdelo donde solo usted pueda abrirlo.',
    download: 'Descargar el archivo',
    ended: 'Terminó el día para descargar su último archivo, y se borró.',
    failed: 'No se pudo preparar su último archivo. Lo sentimos. Pídalo de nuevo.',
    tooMany: 'Usted pidió tres archivos en un día. Pida el siguiente mañana.',
    unreadable: 'El archivo no se puede leer en este momento. Inténtelo de nuevo en unos minutos.',
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
    downloaded: 'Usted descargó todo lo que este portal guarda sobre usted.',
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
    tooMany: 'Hoy reportó muchos registros. Reporte el siguiente mañana, o escríbanos.',
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
    none: 'Ninguna organización está vinculada a su cuenta.',
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
    lead: 'Enviamos un enlace y un código a su correo electrónico.',
    send: 'Enviar el enlace',
    back: 'Volver a iniciar sesión',
    noAddress: 'Escriba su correo electrónico.',
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
    doneTitle: 'Ya tiene su nueva contraseña',
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

  mailCode: {
    title: 'Revise su correo electrónico',
    errorTitle: 'Error: revise su correo electrónico',
    otherDevice:
      '¿Lee su correo en otro dispositivo? Escriba aquí el código que viene en el correo.',
    wrong:
      'Ese código no es correcto. Después de cinco códigos equivocados solo funciona el enlace del correo.',
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
    sent: (email) =>
      html`Enviamos un correo a ${email}. Abra el enlace en este navegador. Funciona una sola vez, durante 30 minutos.`,
    sentIfInvited: (email) =>
      html`Si ${email} tiene una invitación, le enviamos un correo. Abra el enlace en este navegador. Funciona una sola vez, durante 30 minutos.`,
    inOutbox: (path) =>
      html`Este portal no tiene servidor de correo y no envía nada. <a href="${path}">Lea aquí sus correos</a> y abra el enlace del suyo.`,
    noEmail: (path) =>
      html`¿No recibió el correo? Revise su carpeta de correo no deseado y la dirección. <a href="${path}">Intentar de nuevo</a>`,
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

  setup: {
    title: 'El primer operador',
    errorTitle: 'Error: el primer operador',
    lead: 'Nadie opera todavía este portal. La cuenta que usted cree aquí será la de su administrador.',
    emailHelp: 'Con él inicia sesión. No le enviamos nada que deba confirmar ahora.',
    emailTaken:
      'Un residente ya tiene esta dirección. Elija otra, o convierta esa cuenta en operador en la línea de comandos: operator add EMAIL --role administrator',
    secondStep:
      'Después de una contraseña, usted configura una aplicación de autenticación, porque los operadores necesitan un segundo paso. Una clave de acceso basta por sí sola.',
  },

  operator: {
    title: 'Usted opera este portal',
    created: 'Su cuenta fue creada. El enlace que usó ya no funciona.',
    lead: (role: string) => `Su función es: ${role}.`,
    roles: {
      support: 'soporte',
      reviewer: 'revisor',
      'developer-relations': 'relaciones con desarrolladores',
      auditor: 'auditor',
      administrator: 'administrador',
    },
    where:
      'Todavía no hay páginas para operadores. Todo esto se hace en la línea de comandos de la máquina donde funciona el portal, y allí no se pregunta por su función.',
    commands: {
      check: 'Saber qué falta y por qué importa',
      vendor: 'Conectar una empresa que verifica identidades',
      client: 'Registrar una aplicación',
      signUp: 'Permitir que los residentes creen sus propias cuentas',
      operators: 'Agregar otro operador, que antes necesita una cuenta',
      all: 'Ver todos los comandos',
    },
    systemd: 'En una máquina configurada con systemd, el programa se llama portal.',
    home: 'Ir a su propia página',
  },

  confirmEmail: {
    title: 'Confirme su correo electrónico',
    lead: (email) => html`Después iniciará sesión como ${email}.`,
    button: 'Usar esta dirección',
    sentLead:
      'Enviamos un enlace a su nueva dirección. Ábralo en este navegador. Funciona una sola vez, durante 24 horas.',
    sentHelp: html`¿No recibió el correo? Revise su carpeta de correo no deseado y la dirección. <a href="/account">Intentar de nuevo</a>`,
    doneTitle: 'Su correo electrónico está confirmado',
    doneLead: html`Desde ahora usted inicia sesión con esta dirección. <a href="/account">Ir a su cuenta</a>`,
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

  help: {
    title: 'Ayuda',
    lead: html`Respuestas a las preguntas más frecuentes. Si no encuentra la suya, <a href="/contact">escríbanos</a>.`,
    questions: 'Preguntas',
    answers: {
      'sign-in': {
        question: 'No puedo iniciar sesión',
        answer: html`<p>Revise que el correo sea el de su cuenta en este portal y no el de una aplicación. Si no recuerda su contraseña, <a href="/reset">establezca una nueva</a>: le enviamos un enlace a su correo.</p>
<p>Después de varios intentos equivocados hay que esperar. La página indica cuánto. Nadie puede acortar la espera, porque evita que otras personas adivinen su contraseña.</p>`,
      },
      'lost-phone': {
        question: 'Perdí mi teléfono, mi clave de acceso o mi aplicación de autenticación',
        answer: html`<p>Inicie sesión con su contraseña y uno de sus códigos de recuperación. Después quite lo que perdió en <a href="/account">la página de su cuenta</a> y configure una nueva clave de acceso o aplicación de autenticación.</p>
<p>¿Tampoco tiene códigos de recuperación? <a href="/contact">Escríbanos</a>. Cuando estemos seguros de que es usted, podemos quitar sus segundos pasos.</p>`,
      },
      declined: {
        question: 'Rechazaron mi verificación de identidad, o no ha terminado',
        answer: html`<p>Abra la verificación en <a href="/">su propia página</a>. Ahí se ve quién revisó su documento, qué se decidió y por qué, y qué puede hacer usted ahora.</p>
<p>Una aplicación que pide sus documentos recibe solo los de su última verificación aprobada. Si cree que una decisión está equivocada, <a href="/contact">escríbanos</a>, pero no mande fotos de su documento por correo.</p>`,
      },
      'who-saw-it': {
        question: '¿Quién vio mis datos?',
        answer: html`<p><a href="/activity">Su página de actividad</a> muestra cada vez que alguien leyó sus datos: quién, qué, cuándo y con qué finalidad. Lo registramos antes de mostrar cualquier dato, y el registro no se puede cambiar sin que se note.</p>`,
      },
      'end-access': {
        question: '¿Cómo termino el acceso de una aplicación?',
        answer: html`<p>En <a href="/">su propia página</a>, elija «Terminar el acceso» junto a la aplicación. Desde ese momento no tiene acceso. Los enlaces a fotos que ya recibió sirven, como máximo, una hora más.</p>
<p>Solo la aplicación puede borrar lo que ya copió. Su página en este portal tiene un enlace a su política de privacidad, si indicó una.</p>`,
      },
      'not-me': {
        question: 'Recibí un correo sobre algo que yo no hice',
        answer: html`<p>Use el enlace de ese correo para avisar que no fue usted. Después <a href="/reset">establezca una nueva contraseña</a>, lo que cierra su sesión en todas partes, y revise en <a href="/account">la página de su cuenta</a> que conozca todas las claves de acceso y todos los dispositivos.</p>
<p>Nunca le pedimos su contraseña ni un código por correo, mensaje o teléfono.</p>`,
      },
      'your-data': {
        question: '¿Cómo corrijo mis datos o pido una copia?',
        answer: html`<p>Cambie su correo, su contraseña y sus segundos pasos en <a href="/account">la página de su cuenta</a>. Su nombre se toma de su documento cuando usted lo acepta. Usted mismo <a href="/account/export">descarga una copia de todo lo que guardamos sobre usted</a>. Para todo lo demás, <a href="/contact">escríbanos</a>.</p>`,
      },
      erase: {
        question: '¿Cómo borro mi cuenta?',
        answer: html`<p>En <a href="/account/erase">la página para borrar su cuenta</a>, que explica qué se borra, qué se queda y por qué. Con la cuenta se borran todas sus verificaciones, fotos y permisos, y se avisa a cada aplicación que alguna vez leyó sus datos. Si no puede iniciar sesión, <a href="/contact">escríbanos</a> desde el correo de su cuenta.</p>`,
      },
    },
  },

  contact: {
    title: 'Contacto',
    lead: html`Muchas preguntas ya tienen respuesta en <a href="/help">la página de ayuda</a>.`,
    operator: 'Administrado por',
    address: 'Dirección',
    phone: 'Teléfono',
    none: 'Aquí todavía no se ha publicado ningún contacto. Pregunte a la organización que lo envió a este portal.',
    advice: 'Cuando nos escriba',
    adviceList: [
      'Escriba, si puede, desde el correo de su cuenta.',
      'Si una página le mostró un número para consultas, inclúyalo.',
      'Nunca mande su contraseña, un código ni fotos de sus documentos.',
    ],
    security: html`¿Encontró una falla de seguridad en este portal? <a href="/.well-known/security.txt">Este archivo</a> indica dónde reportarla.`,
  },

  privacy: {
    title: 'Privacidad',
    lead: 'Qué guarda este portal sobre usted, por cuánto tiempo y quién lo ve.',
    responsible: 'Quién es responsable',
    operator: (operator) => `${operator} administra este portal y es responsable de sus datos.`,
    unnamed: 'Quienes administran este portal son responsables de sus datos.',
    contact: html`<a href="/contact">Cómo comunicarse con ellos</a>`,
    policy: (url) =>
      html`Para qué necesitan sus datos, y con qué base legal, lo explican en <a href="${url}">su propia política de privacidad</a>.`,
    stored: 'Qué se guarda',
    kept: 'Por cuánto tiempo',
    seenBy: 'Quién lo ve',
    days: (days) => `${days} ${format.plural(days, { one: 'día', other: 'días' })}`,
    untilErased: 'hasta que usted o quienes administran este portal las borren',
    data: {
      account: {
        what: 'Su cuenta: correo electrónico, nombre, idioma, zona horaria y cómo inicia sesión. De su contraseña solo guardamos un valor con el que no se puede averiguar.',
        kept: 'Hasta que se borre su cuenta.',
        seen: 'Las aplicaciones, si usted les permite ver su nombre o su correo.',
      },
      registry: {
        what: 'Datos del registro de residentes, si los hay: permiso, nacimiento, nacionalidades, sexo, dirección, teléfono, residencia.',
        kept: 'Hasta que se borre su cuenta o se sustituya un dato.',
        seen: 'Las aplicaciones, si usted lo permite.',
      },
      photos: {
        what: 'Las fotos de sus documentos y de su rostro.',
        kept: 'El mismo tiempo que la verificación a la que pertenecen.',
        seen: 'Las aplicaciones, si usted lo permite; la empresa u organización que hizo la verificación.',
      },
      consents: {
        what: 'Lo que usted permitió ver a una aplicación, con qué finalidad y hasta cuándo.',
        kept: 'Hasta que termine el permiso; después, sus fechas, hasta que se borre su cuenta.',
        seen: 'La aplicación; las fechas, solo usted.',
      },
      reports: {
        what: 'Lo que usted nos reportó: un inicio de sesión, un permiso o un acceso que no esperaba, lo que escribió y lo que respondimos. También qué correos desea recibir y qué tipos de datos ha visto antes cada aplicación.',
        kept: 'Hasta que se borre su cuenta.',
        seen: 'Quienes administran este portal, que leen lo que usted escribió.',
      },
      activity: {
        what: 'El registro de quién leyó sus datos y cuándo. En lugar de su nombre contiene números al azar.',
        kept: 'Sin límite, para que nadie pueda negar que los leyó. Cuando se borra su cuenta, los números ya no llevan a ninguna persona.',
        seen: 'Usted y quienes administran este portal.',
      },
      sessions: {
        what: 'Dónde tiene la sesión iniciada, con el tipo de navegador; los navegadores en los que ya inició sesión, como números que solo nosotros reconocemos.',
        kept: 'Hasta que cierre la sesión, 14 días como máximo; los navegadores, 60 días desde la última vez que inició sesión en ellos.',
        seen: 'Usted.',
      },
      mails: {
        what: 'Correos para usted que todavía no se han enviado.',
        kept: 'Horas.',
        seen: 'El proveedor del servidor de correo y el suyo.',
      },
      logs: {
        what: 'Registros técnicos. No contienen su nombre, su correo ni nada de sus documentos.',
        kept: 'Lo que decidan quienes administran este portal.',
        seen: 'Quienes administran este portal.',
      },
    },
    checks: {
      what: 'Sus verificaciones de identidad: quién las hizo, el resultado, las fechas y lo que se leyó en el documento.',
      kept: (approved, declined, unfinished) =>
        `Verificaciones aprobadas: ${approved}. Rechazadas: ${declined}. Sin terminar: ${unfinished}.`,
      seen: 'Las aplicaciones, si usted lo permite; la empresa u organización que hizo la verificación.',
    },
    deliveries: {
      what: 'Los mensajes con los que las empresas nos comunicaron el resultado de una verificación.',
      kept: (days) => `Para investigar fallas: ${days}.`,
      seen: 'Quienes administran este portal, cuando algo falla.',
    },
    others: 'Quién más participa',
    othersText:
      'Las empresas u organizaciones que revisan documentos toman sus fotos ellas mismas, según sus propias políticas de privacidad. Un proveedor de almacenamiento guarda las fotos, y un servidor de correo envía nuestros correos.',
    cookies: 'Cookies',
    cookiesText:
      'Este portal usa solo las cookies que necesita: para mantener su sesión, para reconocer su navegador y sus formularios, y para recordar su idioma. Sus páginas no cargan nada de otros servidores, y nada mide lo que usted hace en ellas.',
    protection: 'Cómo se protegen',
    protectionText:
      'Los datos personales están cifrados en nuestra base de datos, con una clave distinta para cada persona. Cada acceso se registra antes de mostrar cualquier dato. Cuando se borra su cuenta se destruye su clave, y ya no se puede leer nada de lo que estaba cifrado con ella. Las copias de respaldo anteriores a ese día se borran cuando quienes administran este portal las borren.',
    rights: 'Sus derechos',
    rightsList: [
      html`Ver qué está guardado: en <a href="/">su propia página</a> y en <a href="/account">la página de su cuenta</a>; quién lo leyó: en <a href="/activity">su página de actividad</a>.`,
      html`Terminar un permiso en cualquier momento, con efecto inmediato, en <a href="/">su propia página</a>.`,
      html`<a href="/account/export">Recibir una copia de sus datos</a> o <a href="/account/erase">borrar su cuenta</a>. Pedir que se corrija algo: <a href="/help#your-data">cómo se hace</a>.`,
      'Presentar una queja ante la autoridad de protección de datos del lugar donde vive.',
    ],
  },

  accessibility: {
    title: 'Declaración de accesibilidad',
    lead: 'Queremos que todas las personas puedan usar este portal, con el dispositivo, el navegador o la tecnología de apoyo que tengan.',
    status: 'Qué tan accesible es este portal',
    statusText:
      'La meta son las Pautas de Accesibilidad para el Contenido Web (WCAG) 2.2, nivel AA. Las pruebas que se describen abajo no encuentran ninguna falla. Todavía no lo ha evaluado nadie independiente, por eso no afirmamos que las cumpla por completo.',
    measures: 'Cómo se prueba',
    measuresList: [
      'El programa axe busca fallas en las páginas, con diseño claro y oscuro, antes de cada versión.',
      'Cada página se usa en una ventana de 320 píxeles, como en un teléfono pequeño o con un aumento de 400 %, y nada obliga a desplazarse hacia los lados.',
      'A todo lo que se puede usar se llega solo con el teclado, y se ve dónde está uno.',
      'El contraste de un color elegido por quienes administran el portal se calcula cuando este arranca. Con menos de 4.5 : 1 no arranca.',
      'Todas las páginas funcionan sin JavaScript, menos para agregar y usar claves de acceso. En su lugar sirve una contraseña.',
    ],
    limits: 'Qué no funciona bien',
    limitsList: [
      'El texto alternativo de una foto dice qué muestra, por ejemplo, el frente de un documento, pero no lo que está escrito en él. Lo que se leyó en el documento aparece al lado.',
      'Los nombres y finalidades de las aplicaciones se muestran como ellas los escribieron, en cualquier idioma.',
      'La referencia para desarrolladores está solo en inglés.',
      'Las páginas de las aplicaciones y de las empresas que revisan documentos no son parte de este portal.',
    ],
    technology: 'Tecnología',
    technologyText:
      'Las páginas necesitan HTML y CSS. Siguen la configuración de su dispositivo: idioma, diseño oscuro, tamaño de letra y alto contraste.',
    feedback: 'Cuéntenos',
    feedbackText: html`¿Hay algo que le resulta difícil o imposible de usar? <a href="/contact">Escríbanos</a> y díganos en qué página fue y con qué dispositivo.`,
    date: (day) => html`Esta declaración se escribió el ${day}, con los resultados de las pruebas.`,
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
    ourMistake: 'El error es nuestro',
    requestId: (id) => html`Si nos consulta sobre esto, indique este número: ${id}`,
    ourSide: 'Algo falló de nuestro lado. Inténtelo de nuevo en un momento.',
    technical: (description) => `No pudimos procesar esta solicitud: ${description}`,
    notFound: 'No hay nada en esta dirección.',
    unavailable:
      'El portal no puede responder por el momento. Inténtelo de nuevo en unos segundos.',
    tooManyRequests: (seconds) =>
      `Llegaron demasiadas solicitudes desde su red. Inténtelo de nuevo en ${seconds} ${format.plural(seconds, { one: 'segundo', other: 'segundos' })}.`,
    unreadableForm: 'No se pudo leer el formulario que llegó.',
    foreignForm:
      'Este formulario no se envió desde nuestra página o ya venció. Vuelva atrás, recargue la página e inténtelo de nuevo.',
    teamSuspended:
      'El operador suspendió este equipo. Sus miembros pueden ver, pero no cambiar nada.',
    interactionExpired:
      'Este paso venció o se inició en otro navegador. Vuelva a la aplicación y empiece de nuevo.',
    startAgain: 'Por favor, empiece de nuevo.',
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
    otherBrowser:
      'Abra este enlace en el navegador en el que lo solicitó, o escriba ahí el código que viene en el correo. Ahí todavía funciona.',
    receiptExpired: 'Este enlace venció o nunca fue válido.',
    mailLinkExpired: 'Este enlace ya se usó o venció. Solicite uno nuevo.',
    noticeExpired:
      'Este enlace ya se usó o venció. Si algo sigue mal, inicie sesión y revise su propia página, o establezca una nueva contraseña.',
    emailTaken: 'Esta dirección pertenece a otra cuenta.',
    signUpClosed:
      'En este portal las cuentas no las crea uno mismo. Pida una a quienes lo administran.',
    setupUsed:
      'Este enlace no se puede usar: ya se usó, pasó una hora, o alguien ya opera este portal. Un enlace nuevo se crea en la línea de comandos: operator setup',
    teamInvitationOver:
      'Esta invitación a un equipo ya se usó, se retiró o venció. Pida una nueva al equipo.',
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
    arrived: 'Lo que llegó',
    expected: 'Lo que se esperaba',
    nothing: 'nada',
    entry: 'Qué significa este error',
    inConsole: 'Esta solicitud en la consola',
  },

  mails: {
    signature: 'El portal de identidad',
    reset: ({ to, link, code, minutes }) => ({
      subject: 'Establezca una nueva contraseña',
      text: `Alguien pidió establecer una nueva contraseña para la cuenta del portal de identidad de ${to}.

Si fue usted, abra este enlace en el navegador en el que lo pidió. Funciona una sola vez, durante ${minutes} minutos:

${link}

¿Está leyendo esto en otro dispositivo? Entonces escriba este código en la página que sigue abierta en ese navegador:

${code}

No le diga el código a nadie, ni siquiera a quien diga que trabaja para el portal. Si no fue usted, no tiene que hacer nada: sin el enlace o el código nada cambia.`,
    }),
    confirmEmail: ({ to, link, code, hours }) => ({
      subject: 'Confirme su correo electrónico',
      text: `Alguien pidió usar ${to} para una cuenta del portal de identidad.

Si fue usted, abra este enlace en el navegador en el que lo pidió. Funciona una sola vez, durante ${hours} horas:

${link}

¿Está leyendo esto en otro dispositivo? Entonces escriba este código en la página que sigue abierta en ese navegador:

${code}

No le diga el código a nadie. Si no fue usted, no tiene que hacer nada: sin el enlace o el código la dirección no se usa.`,
    }),
    exportReady: ({ page, hours }) => ({
      subject: 'Sus datos están listos para descargar',
      text: `El archivo con todo lo que el portal de identidad guarda sobre usted está listo. Inicie sesión y descárguelo en las próximas ${hours} horas; después se borra:

${page}

Si usted no lo pidió, establezca de inmediato una nueva contraseña y escriba a quienes administran el portal.`,
    }),
    erasureRequested: ({ at, page }) => ({
      subject: 'Su cuenta se borrará',
      text: `Usted pidió borrar su cuenta del portal de identidad. Se borrará el ${at}. Ninguna aplicación tiene acceso ya.

Si cambia de opinión, o si no fue usted, inicie sesión antes y conserve su cuenta:

${page}

Si no fue usted, establezca también una nueva contraseña.`,
    }),
    erasureReminder: ({ at, page }) => ({
      subject: 'Su cuenta se borrará pronto',
      text: `Su cuenta del portal de identidad se borrará el ${at}. Si quiere conservarla, inicie sesión antes:

${page}`,
    }),
    erased: ({ link, days }) => ({
      subject: 'Su cuenta está borrada',
      text: `Su cuenta del portal de identidad está borrada. Esta página dice qué se borró y tiene una prueba firmada para descargar. No necesita una cuenta y funciona durante ${days} días:

${link}

Este es el último correo sobre esta cuenta.`,
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
    teamInvitation: ({ to, link, days }) => ({
      subject: 'Le invitan a un equipo de desarrollo',
      text: `Alguien invita a ${to} a un equipo que crea aplicaciones con el portal de identidad.

Abra este enlace para ver de qué equipo se trata y unirse a él. Funciona una sola vez, durante ${days} días:

${link}

Si no desea unirse, o no sabe de qué se trata, no tiene que hacer nada.`,
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
    outcomes: {
      approved: ({ link }) => ({
        subject: 'Su identidad está confirmada',
        text: `Su verificación de identidad terminó y su documento fue aprobado. Desde ahora pueden verlo las aplicaciones que usted permita.

Véalo, y vea quién puede verlo:

${link}

Si una aplicación lo está esperando, regrese a ella.`,
      }),
      declined: ({ reasons, link, page }) => ({
        subject: 'No se pudo confirmar su identidad',
        text: `Su verificación de identidad terminó y no se pudo confirmar su identidad.

${reasons}

Inténtelo de nuevo:

${link}

Los detalles de esta verificación:

${page}`,
      }),
      'declined-for-good': ({ reasons, page }) => ({
        subject: 'No se pudo confirmar su identidad',
        text: `Su verificación de identidad terminó y no se pudo confirmar su identidad.

${reasons}

Los detalles de esta verificación:

${page}`,
      }),
      otherCounts: 'Una verificación anterior suya está aprobada y sigue siendo válida.',
      'not-accepted': ({ reasons, link, page }) => ({
        subject: 'Su documento no fue aceptado',
        text: `Quienes administran el portal revisaron su documento y no lo aceptaron para su cuenta. Ninguna aplicación puede verlo.

${reasons}

Haga verificar otro documento:

${link}

Los detalles de esta verificación:

${page}`,
      }),
      resubmission: ({ reasons, link }) => ({
        subject: 'Se necesitan fotos nuevas',
        text: `Su verificación de identidad no ha terminado: se necesitan fotos nuevas.

${reasons}

Continúe aquí:

${link}`,
      }),
      ended: ({ reasons, link }) => ({
        subject: 'Su verificación de identidad no se terminó',
        text: `Su verificación de identidad finalizó sin resultado.

${reasons}

Comience de nuevo:

${link}

Si no desea verificarse, no tiene que hacer nada.`,
      }),
      soon: ({ day, link }) => ({
        subject: 'Su documento vence pronto',
        text: `El documento con el que se confirmó su identidad vence el ${day}. Después de ese día, es posible que las aplicaciones no lo acepten.

Cuando tenga un documento nuevo, hágalo verificar:

${link}`,
      }),
      expired: ({ day, link }) => ({
        subject: 'Su documento venció',
        text: `El documento con el que se confirmó su identidad venció el ${day}. Es posible que las aplicaciones ya no lo acepten.

Haga verificar un documento nuevo:

${link}`,
      }),
    },
    production: {
      approved: ({ application, page }) => ({
        subject: 'Su aplicación fue aprobada',
        text: `${application} ya está registrada para los residentes. Su identificador (client id) está en su página, donde su equipo también crea la clave secreta, si la usa:

${page}`,
      }),
      changed: ({ application, page }) => ({
        subject: 'El cambio de su aplicación fue aprobado',
        text: `El cambio de ${application} que su equipo pidió ya está en vigor:

${page}`,
      }),
      declined: ({ application, reason, page }) => ({
        subject: 'Su solicitud fue rechazada',
        text: `Las personas que administran el portal rechazaron lo que su equipo pidió para ${application}. El motivo:

${reason}

Puede cambiar la solicitud y enviarla de nuevo:

${page}`,
      }),
    },
    wrongCodes: {
      subject: 'Alguien conoce su contraseña',
      text: `Alguien escribió la contraseña correcta de su cuenta del portal de identidad y después varios códigos equivocados. No logró entrar.

Si no fue usted, establezca de inmediato una nueva contraseña.`,
    },
  },
}
