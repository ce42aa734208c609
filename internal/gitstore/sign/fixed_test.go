package sign

// What gpg 2.2.40 and OpenSSH 9.2 have made, for machines that have neither.
const fixedSigners = "ann@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOIq9Tm67ekufSFPxjH5Y4fBAmhfkSotYcU7aUB6tQnv\n"

const fixedSSHCommit = `tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
author Ann <ann@example.com> 1767225600 +0000
committer Ann <ann@example.com> 1767225600 +0000
gpgsig -----BEGIN SSH SIGNATURE-----
 U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg4ir1Obrt6S59IU/GMfljh8ECaF
 +RKi1hxTtpQHq1Ce8AAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5
 AAAAQPeJ3ZJEb/+jtByLgunXpDHWVkTvKbOofIIzPHH9rPCnOyuIRdskhCUCMTVBBw4hGD
 utKDuJAh0vSbBiQEBFeQw=
 -----END SSH SIGNATURE-----

signed by gpg 2.2.40
`

const fixedKeyRing = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEaVW5ABYJKwYBBAHaRw8BAQdAyHnnEWqOmSQTtImYfpoMjk1Rp9jpkstNtuAu
uDqP0kq0FUFubiA8YW5uQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEi0D32iEyK0Iz
v65YqX0LgAH6xGsFAmlVuQACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQ
qX0LgAH6xGsxHwD9FsfiCgIJwq6JGyK6x3HVx13/Y/ghGZhEuMVYoR6NP4cBAOid
1avAl9UkKAN3GBbP7qIeK5ETHotF+3QOnTjvUOYC
=wk3N
-----END PGP PUBLIC KEY BLOCK-----
`

const fixedCommit = `tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
author Ann <ann@example.com> 1767225600 +0000
committer Ann <ann@example.com> 1767225600 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 
 iHUEABYIAB0WIQSLQPfaITIrQjO/rlipfQuAAfrEawUCaVW5AAAKCRCpfQuAAfrE
 ay7cAQCYiDuCHjmu7HQKkTA+Ue1aQjIQWD0XlAEOgDs//Ztk9QD/Tuy28f7AMTET
 vFXpHLzyHtCYqh+k322SQFQ8bD78bgY=
 =IeiN
 -----END PGP SIGNATURE-----

signed by gpg 2.2.40
`
