#!/usr/bin/env bash
# Signatures that another program makes: OpenSSL with its engine of ГОСТ (libengine-gost-openssl). Keys are thrown away.
set -euo pipefail
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
printf '<ZL_LIST/>' > "$keys/file"
printf '[ca]\ndefault_ca=own\n[own]\ndatabase=%s\ncrlnumber=%s\n' "$keys/index" "$keys/number" > "$keys/ca.cnf"
for size in 256 512; do
  hash=md_gost12_$size
  new() { openssl req -engine gost -newkey "gost2012_$size" -pkeyopt paramset:A -nodes -utf8 -keyout "$keys/$1.key" "${@:2}"; }
  new ca -x509 -days 36500 -subj "/CN=Учебный УЦ $size" "-$hash" -out "$size.ca.pem"
  new person -subj "/O=Больница/CN=Тестов Тест" -out "$keys/person.csr"
  openssl x509 -engine gost -req -in "$keys/person.csr" -CA "$size.ca.pem" -CAkey "$keys/ca.key" -set_serial 2748 \
    -days 36000 "-$hash" -out "$keys/person.pem"
  openssl cms -engine gost -sign -binary -in "$keys/file" -signer "$keys/person.pem" -inkey "$keys/person.key" -md "$hash" \
    -outform PEM -out "$size.sig"
  : > "$keys/index"
  echo 01 > "$keys/number"
  openssl ca -engine gost -config "$keys/ca.cnf" -keyfile "$keys/ca.key" -cert "$size.ca.pem" -md "$hash" \
    -revoke "$keys/person.pem"
  openssl ca -engine gost -config "$keys/ca.cnf" -keyfile "$keys/ca.key" -cert "$size.ca.pem" -md "$hash" \
    -crldays 36500 -gencrl -out "$size.crl"
done
