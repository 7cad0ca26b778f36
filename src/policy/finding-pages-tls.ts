import {type FindingPage, page} from './finding-page.ts'
import type {TLS_FINDINGS} from './findings-tls.ts'

const FILE = 'The partner puts the right certificates into the file that its mail server shows, and restarts it.'
const REISSUE = 'The partner gets a certificate that its CA issues anew.'
const SUGGEST = 'postern ca suggest DOMAIN names the certificates that would make the chain pass.'
const RENEW = 'The partner renews the certificate, installs it and restarts the mail server.'
const SETTINGS = 'The partner changes the TLS settings of its mail server, and looks again with postern probe --full.'

export const TLS_PAGES = {
  'chain-wrong-order': page(
    ['The certificates were joined into one file by their names.', 'The bundle of the CA begins with its root.'],
    [FILE, 'Here nothing has to be done: the chain is sorted before it is judged.'],
  ),
  'chain-unrelated-certificate': page(['The file still holds the chain of an earlier certificate.'], [FILE]),
  'chain-root-sent': page(
    ['The bundle of the CA was taken over whole.'],
    [
      'Nothing has to be done: a root counts where it is among the trust anchors, and nowhere else.',
      'The partner can leave it out and save a kilobyte at each handshake.',
    ],
  ),
  'chain-missing-intermediate': page(
    ['Only the certificate itself was installed, not the chain that the CA sent with it.'],
    [FILE, SUGGEST, 'Until then import the intermediate together with its root: postern ca import.'],
  ),
  'chain-unknown-root': page(
    ['The partner has a CA of its own.', 'The root is new, and the trust store here is older.'],
    ['Have its owner confirm the fingerprint.', SUGGEST, 'Import it: postern ca import FILE.'],
  ),
  'chain-missing-issuer': page(
    ['A private CA whose root was never imported.', 'An intermediate that the partner forgot.'],
    ['Ask the partner which of the two it is.', SUGGEST],
  ),
  'chain-self-signed-leaf': page(
    ['The certificate that the mail server made for itself at its installation.'],
    ['The partner gets a certificate from a CA.', 'Level encrypt does without authentication.'],
  ),
  'chain-same-name-other-key': page(
    ['The CA was set up anew under its old name.', 'The wrong intermediate was installed.', 'An impostor.'],
    ['Ask the partner by another way than mail.', 'Import the new certificate of the CA once its owner confirms it.'],
  ),
  'chain-signature-wrong': page(
    ['The file was damaged or edited.', 'A forgery that copies names and identifiers of a real CA.'],
    ['Trust it at no level that authenticates.', 'Ask the partner by another way than mail.', REISSUE],
  ),
  'chain-expired': page(['A renewal was forgotten, or the server was not restarted after it.'], [RENEW]),
  'chain-not-yet-valid': page(
    ['A clock is wrong, here or at the CA.', 'The certificate was installed before its time.'],
    ['Set the clock of this machine (timedatectl).', 'Wait for its first day.'],
  ),
  'chain-not-a-ca': page(
    ['A home-made CA without basicConstraints.', 'Somebody who signs with a certificate that was stolen.'],
    [REISSUE],
  ),
  'chain-path-length': page(
    [
      'A department issues from a CA below one that may have none.',
      'Somebody uses a CA certificate for more than it was issued for.',
    ],
    [REISSUE, 'Ask the partner whether its CA knows of the intermediate.'],
  ),
  'chain-name-constraints': page(
    [
      'A CA of another house, or of another department, issued it.',
      'The domain was renamed, and the CA is still limited to the old name.',
    ],
    [REISSUE, 'Do not import a CA without the limit to get round it: the limit is what protects you.'],
  ),
  'chain-extended-key-usage': page(
    ['A certificate for clients or for S/MIME was installed.', 'A private CA copies one template for all purposes.'],
    [REISSUE, 'Its extended key usage has to list serverAuth, or be absent.'],
  ),
  'key-weak': page(
    ['A key from long ago that was carried along at each renewal.', 'An appliance that makes small keys by default.'],
    [
      'The partner makes a new key: RSA of 2048 bits or more, or an elliptic curve of 256.',
      'Of an intermediate or root, the CA has to make it.',
    ],
  ),
  'signature-weak': page(
    ['An old private CA that signs with SHA-1.', 'An intermediate from before 2016.'],
    [REISSUE, 'The CA is set to SHA-256 before it does.'],
  ),
  'ocsp-stale': page(
    ['The server cannot reach the OCSP responder of its CA.', 'A clock is wrong.'],
    ['The partner lets its server reach the responder, or switches stapling off.'],
  ),
  'ocsp-unusable': page(
    ['The stapled file belongs to an earlier certificate.', 'The responder is not one of the CA.'],
    ['The partner lets its server fetch a new answer.'],
  ),
  'client-certificate-requested': page(
    ['Mutual TLS is optional there, often for partners of its own.'],
    [
      'Nothing has to be done: mail is taken without one.',
      'Where the partner treats known clients better, ask it what it expects; `tls.clientIdentity` in relay.yaml names it.',
    ],
  ),
  'client-certificate-required': page(
    ['The port is for clients that the partner knows by certificate, not for mail of everybody.'],
    [
      'Name an identity that the partner knows: `tls.clientIdentity: NAME` in relay.yaml.',
      'Or ask the partner for another host, or to make it optional.',
    ],
  ),
  'tls-only-obsolete': page(
    ['A mail server, or an appliance in front of it, that has not been updated for years.'],
    ['The partner enables TLS 1.2 and 1.3.', 'Level preferred sends in clear text meanwhile.'],
  ),
  'tls-no-common-cipher': page(
    [
      'A list of ciphers that somebody wrote by hand.',
      'A setting such as NULL or aNULL, which switches encryption or authentication off.',
    ],
    [SETTINGS],
  ),
  'sni-refused': page(
    ['A proxy that knows its hosts by name, and not this one.', 'A server that was told to be strict about names.'],
    ['The partner adds the name of the MX host, or a certificate for names that are not known.'],
  ),
  'tls-version-obsolete': page(
    ['The defaults of an older version.', 'Kept for clients that are long gone.'],
    [SETTINGS, 'Here nothing has to be done: mail goes over the newest version that both know, TLS 1.2 at least.'],
  ),
  'cipher-forbidden': page(['The defaults of an older version.', 'A list of ciphers such as ALL.'], [SETTINGS]),
  'cipher-discouraged': page(
    ['Kept for old clients: CBC, or key exchange without forward secrecy.'],
    [SETTINGS, 'Here nothing has to be done: they are chosen only where nothing better is offered.'],
  ),
  'group-weak': page(
    ['Diffie-Hellman parameters that came with the software.'],
    [SETTINGS, 'Parameters of 2048 bits or more, such as ffdhe2048 (RFC 7919), take their place.'],
  ),
  'tls-compression': page(['A TLS library from before 2012 (CRIME, CVE-2012-4929).'], [SETTINGS]),
  'renegotiation-insecure': page(
    ['A TLS library from before 2010 (CVE-2009-3555).'],
    [
      'The partner updates it.',
      'Clients of today refuse to renegotiate with it, so that mail is not at risk from here.',
    ],
  ),
  'certificate-needs-sni': page(
    ['Several mail domains live at one address.'],
    [
      'Nothing has to be done: Postern and the mailers of today send SNI.',
      'Mail from older clients sees the other certificate: the partner puts the names of all into one.',
    ],
  ),
  'starttls-command-injection': page(
    ['The server, or a proxy in front of it, keeps what it read in clear text when TLS begins.'],
    ['The partner updates it: CVE-2011-0411 and its many successors.'],
  ),
} as const satisfies Record<keyof typeof TLS_FINDINGS, FindingPage>
