#!/bin/sh
# Makes the files that docker-compose.yml calls secrets, under .samverkan/compose/: random passwords and keys, and for a
# first try a certificate signed by an authority of its own, whose key is thrown away. What is there already stays, so
# put your own tls_certificate.pem, tls_key.pem, authorities.pem or smtp_url there before or replace them afterwards.
#
#   sh deploy/compose/secrets.sh          needs openssl, and .env for the host name in the certificate
set -eu

cd "$(dirname -- "$0")/../.."
folder=${SAMVERKAN_COMPOSE_SECRETS:-.samverkan/compose}
[ -f .env ] || [ -n "${SAMVERKAN_DOMAIN:-}" ] || {
    echo "There is no .env yet: cp deploy/compose/.env.example .env" >&2
    exit 1
}
domain=${SAMVERKAN_DOMAIN:-$(sed -n 's/^SAMVERKAN_DOMAIN=//p' .env)}

# Containers run as users of their own and must read these files, so the folder, not the file mode, keeps others out.
mkdir -p "$folder"
chmod 700 "$folder"
umask 077

keep() { # NAME < content: written once
    [ -s "$folder/$1" ] && { cat > /dev/null; return; }
    cat > "$folder/$1.new"
    chmod 444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}
random() { openssl rand -hex 24 | tr -d '\n' | keep "$1"; }
read_back() { cat "$folder/$1"; }

random secret_key
random keycloak_admin_password
random rabbitmq_admin_password
printf 'default_pass = %s\n' "$(read_back rabbitmq_admin_password)" | keep rabbitmq_admin.conf
printf 'http://admin:%s@rabbitmq:15672' "$(read_back rabbitmq_admin_password)" | keep rabbitmq_admin_url
printf 'smtp://mailpit:1025' | keep smtp_url

for service in registry activities notifications; do
    random "${service}_mongodb_admin_password"
    random "${service}_mongodb_password"
    random "${service}_rabbitmq_password"
    openssl rand -base64 756 | keep "${service}_mongodb_keyfile"
    printf 'mongodb://admin:%s@%s-mongodb:27017/admin?replicaSet=samverkan&authSource=admin' \
        "$(read_back "${service}_mongodb_admin_password")" "$service" | keep "${service}_mongodb_admin_url"
    printf 'mongodb://%s:%s@%s-mongodb:27017/samverkan_%s?replicaSet=samverkan&authSource=samverkan_%s' \
        "$service" "$(read_back "${service}_mongodb_password")" "$service" "$service" "$service" |
        keep "${service}_mongodb_url"
    printf 'amqp://%s:%s@rabbitmq:5672/samverkan' \
        "$service" "$(read_back "${service}_rabbitmq_password")" | keep "${service}_rabbitmq_url"
done

make_certificate() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    openssl req -x509 -newkey rsa:3072 -nodes -days 90 -subj "/CN=Samverkan first try" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign" \
        -keyout "$work/authority.key" -out "$work/authority.pem" 2>/dev/null
    openssl req -newkey rsa:3072 -nodes -subj "/CN=$domain" -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
    cat > "$work/extensions" <<EOF
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:$domain,DNS:auth.$domain
EOF
    openssl x509 -req -in "$work/tls.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial \
        -days 90 -sha256 -extfile "$work/extensions" -out "$work/tls.pem" 2>/dev/null
    keep tls_certificate.pem < "$work/tls.pem"
    keep tls_key.pem < "$work/tls.key"
    keep authorities.pem < "$work/authority.pem"
    echo "A certificate for $domain and auth.$domain was made for a first try. It lasts 90 days, and browsers warn of it"
    echo "until they trust $folder/authorities.pem. For real use, put your own in its place."
}
[ -s "$folder/tls_certificate.pem" ] || make_certificate
[ -s "$folder/authorities.pem" ] || {
    echo "Put the authorities to be trusted into $folder/authorities.pem; the public ones are, on Debian, in" >&2
    echo "/etc/ssl/certs/ca-certificates.crt" >&2
    exit 1
}
echo "All secrets are in $folder. Keep a copy where your backups are: without them the data cannot be opened."
