#!/usr/bin/env bash
# deploy/install.sh --domain NAME [OPTION…]
#
# Make a bare Debian (12 or newer) into a serving box: packages, user, this version with its .venv, database, Redis,
# settings and secrets, units, nginx, certificate, the first person. Run it as root, again after each change: a step that
# is done already is left alone, and no settings, secret or database is ever replaced. From a newer checkout it is the
# upgrade: processes that run an older version are restarted one after the other. See docs/deploy.md.
#
#   --domain NAME         where callers' Twilio and browsers reach this box, for example voice.example.org
#   --email ADDRESS       told by Let's Encrypt when the certificate runs out
#   --self-signed         for a trial: a certificate of our own, which no Twilio accepts
#   --media N             processes that hear (default: one for each core but one, and two at least)
#   --drain-timeout S     seconds that calls may go on while a process ends (default 300)
#   --person NAME         the first login (default: owner)
#   --source DIR          the version to install (default: the checkout that this script is in); an older one that is
#                         installed, as /opt/voiceapp/releases/…, is the way back
#   --database-url URL    a database of yours (default: PostgreSQL on this box)
#   --redis-url URL       a Redis of yours (default: one on this box)
#   --prefix DIR          everything below DIR and for the user that runs this: a trial on a machine that is not the box.
#                         Packages, users, PostgreSQL, systemd and nginx of the machine are left alone.
#   --files DIR           write the units and nginx's files into DIR, and do nothing else
#   --dry-run             say each step and what it would run, and do nothing
set -euo pipefail

domain='' email='' self_signed='' media='' drain_s=300 person=owner database_url='' redis_url='' prefix='' files='' dry=''
here=$(cd -P "$(dirname "$0")/.." && pwd)
source=$here
fail() { echo "install.sh: $*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) sed -n '2,/^set/ s/^# \{0,1\}//p' "$0"; exit ;;
        --self-signed) self_signed=1; shift; continue ;;
        --dry-run) dry=1; shift; continue ;;
    esac
    [ $# -ge 2 ] || fail "$1: what? See --help."
    case $1 in
        --domain) domain=$2 ;;
        --email) email=$2 ;;
        --media) media=$2 ;;
        --drain-timeout) drain_s=$2 ;;
        --person) person=$2 ;;
        --source) source=$(cd -P "$2" && pwd) ;;
        --database-url) database_url=$2 ;;
        --redis-url) redis_url=$2 ;;
        --prefix) prefix=$(mkdir -p "$2" && cd -P "$2" && pwd) ;;
        --files) files=$(mkdir -p "$2" && cd -P "$2" && pwd) ;;
        *) fail "$1 is not understood. See --help." ;;
    esac
    shift 2
done
[[ $domain =~ ^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$ ]] || fail "--domain: name the box, for example voice.example.org."
cores=$(nproc)
: "${media:=$((cores > 3 ? cores - 1 : 2))}"
[[ $media =~ ^[1-9][0-9]?$ ]] || fail "--media: a whole number from 1 to 99."
[[ $drain_s =~ ^[0-9]{1,5}$ ]] || fail "--drain-timeout: a whole number of seconds."
[[ $person =~ ^[a-zA-Z0-9@.+_-]{1,150}$ ]] || fail "--person: letters, digits and @.+-_ alone."
[ -n "$dry$prefix$files" ] || [ "$(id -u)" = 0 ] || fail "run it as root, or try it: --dry-run."

# Not a folder that only root may enter: what runs as another user begins in it.
cd /
user=voiceapp
[ -z "$prefix" ] || user=$(id -un)
opt=$prefix/opt/voiceapp etc=$prefix/etc/voiceapp var=$prefix/var/lib/voiceapp backups=$prefix/var/backups/voiceapp
run=$prefix/run/voiceapp www=$prefix/var/www/voiceapp env_file=$etc/voiceapp.env

steps=0
step() { steps=$((steps + 1)); echo "$steps. $*"; }
note() { echo "   $*"; }
# Run it, or say it: every change of the machine goes through here.
do_() {
    if [ -n "$dry" ]; then echo "   + $*"; else "$@"; fi
}
# Write standard input into a file with this mode, unless it says the same already.
put() {
    local mode=$1 path=$2 text
    text=$(cat; echo .)
    if [ -f "$path" ] && [ "$(cat "$path"; echo .)" = "$text" ]; then return; fi
    if [ -n "$dry" ]; then echo "   + write $path"; return; fi
    mkdir -p "$(dirname "$path")"
    (umask 077 && printf %s "${text%.}" > "$path.new")
    chmod "$mode" "$path.new"
    mv "$path.new" "$path"
    note "wrote $path"
}
as_user() {
    if [ "$(id -un)" = "$user" ]; then do_ env ENV_FILE="$env_file" "$@"; else
        do_ runuser -u "$user" -- env ENV_FILE="$env_file" "$@"; fi
}
# One of deploy/'s files, as this box needs it.
rendered() {
    local sockets='' number
    for number in $(seq "$media"); do
        sockets="$sockets    server unix:/run/voiceapp/media-$number/http.sock max_fails=0;\\n"
    done
    local edits=(
        -e "s#voice\\.example\\.org#$domain#g"
        -e "/^    server unix:.run.voiceapp.media-[2-9]/d"
        -e "s#^    server unix:/run/voiceapp/media-1/.*#${sockets%\\n}#"
        -e "s#/run/voiceapp#$run#g"
        -e "s#/opt/voiceapp#$opt#g"
        -e "s#/etc/voiceapp#$etc#g"
        -e "s#/var/backups/voiceapp#$backups#g"
        -e "s#/var/www/voiceapp#$www#g"
        -e "s#^TimeoutStopSec=.*#TimeoutStopSec=$((drain_s + 100))#"
    )
    [ -e /proc/net/if_inet6 ] || edits+=(-e '/listen \[::\]/d')
    [ -z "$prefix" ] || edits+=(-e "s#/var/log/nginx#$prefix/var/log/nginx#g" -e "s#^User=.*#User=$user#" -e "s#^Group=.*#Group=$(id -gn)#")
    sed "${edits[@]}" "$source/deploy/$1"
}
write_units() {
    local path
    for path in "$source"/deploy/systemd/*.* "$source"/deploy/systemd/*.d/*; do
        [ ! -f "$path" ] || rendered "${path#"$source"/deploy/}" | put 644 "$1/${path#"$source"/deploy/systemd/}"
    done
}
write_nginx() {
    local name
    for name in voiceapp.conf voiceapp-local.conf; do rendered "nginx/$name" | put 644 "$1/$name"; done
}

if [ -n "$files" ]; then
    write_units "$files/systemd"
    write_nginx "$files/nginx"
    exit
fi

step "packages"
needed="nginx python3 python3-venv git curl openssl rsync"
[ -n "$database_url" ] || needed="$needed postgresql"
case $database_url in sqlite:*) ;; *) needed="$needed postgresql-client" ;; esac
[ -n "$redis_url" ] || needed="$needed redis-server"
[ -n "$self_signed" ] || needed="$needed certbot"
missing=''
for package in $needed; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
if [ -n "$prefix" ]; then
    note "with --prefix none are installed; a box would get:${missing:- none}"
elif [ -n "$missing" ]; then
    do_ apt-get update -q
    # shellcheck disable=SC2086 # a list of names
    do_ env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
else
    note "all there"
fi

step "the user $user"
if id "$user" >/dev/null 2>&1; then note "is there"; else
    do_ adduser --system --group --home "$var" --no-create-home --quiet "$user"; fi
if [ -z "$prefix" ] && ! id -nG www-data 2>/dev/null | grep -qw "$user"; then
    # nginx reaches the sockets as a member of their group; files are their owner's alone.
    do_ usermod -aG "$user" www-data
fi

step "folders"
owned() {
    if [ -d "$2" ]; then note "$2 is there"; else do_ install -d -m "$1" -o "${3:-$user}" "$2"; fi
}
owned 755 "$opt/releases" "$(id -un)"
owned 755 "$etc" "$(id -un)"
owned 700 "$var"
owned 700 "$backups"
owned 755 "$www" "$(id -un)"
[ -z "$prefix" ] || owned 755 "$prefix/var/log/nginx"

step "this version"
unpack() { git -C "$source" archive HEAD | tar -x -C "$1"; }
version=$(git -C "$source" rev-parse --short=12 HEAD 2>/dev/null || cksum < "$source/CHANGELOG.md" | cut -d' ' -f1)
release=$opt/releases/$version
# The way back: a version that is installed already.
case $source in "$opt"/releases/*) release=$source ;; esac
if [ -f "$release/.whole" ]; then note "$release is there"; else
    do_ mkdir -p "$release"
    if git -C "$source" rev-parse HEAD >/dev/null 2>&1; then
        do_ unpack "$release"
    else
        do_ rsync -a --exclude .venv --exclude var --exclude .env --exclude .git "$source/" "$release/"
    fi
    do_ "$release/script/setup" server
    # Units may not write here: what is compiled now need not be compiled at each start.
    do_ "$release/.venv/bin/python" -m compileall -q "$release/calls" "$release/stt" "$release/voiceapp"
    do_ touch "$release/.whole"
fi
if [ "$(readlink "$opt/current" 2>/dev/null)" = "$release" ]; then note "$opt/current leads to it"; else
    # In one step: who starts meanwhile finds the old one or the new one.
    do_ ln -s "$release" "$opt/current.new"
    do_ mv -T "$opt/current.new" "$opt/current"
fi

step "database"
if [ -n "$prefix" ] && [ -z "$database_url" ]; then
    database_url=sqlite://$var/db.sqlite3
    note "with --prefix: $database_url"
elif [ -n "$database_url" ]; then
    note "yours"
else
    # By the socket, as the user of that name: there is no password that could get out.
    database_url=postgresql:///voiceapp
    if [ "$(runuser -u postgres -- psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'voiceapp'" 2>/dev/null)" = 1 ]; then
        note "is there"
    else
        do_ systemctl enable --now postgresql
        do_ runuser -u postgres -- createuser --no-superuser --no-createdb --no-createrole voiceapp
        do_ runuser -u postgres -- createdb --owner voiceapp --encoding UTF8 --locale C.UTF-8 --template template0 voiceapp
        do_ runuser -u postgres -- psql -qd voiceapp -c "CREATE EXTENSION IF NOT EXISTS pg_trgm"
    fi
fi

step "Redis"
if [ -n "$redis_url" ]; then note "yours"
elif [ -n "$prefix" ]; then note "with --prefix: none, so each process knows its own calls alone"
else
    redis_url=redis://127.0.0.1:6379/0
    do_ systemctl enable --now redis-server
fi

step "settings and secrets: $env_file"
if [ -f "$env_file" ]; then note "is there, and is left as it is"; else
    set_in() { sed "s#^$1=.*#$1=$(printf %s "$2" | sed 's/[#&\\]/\\&/g')#"; }
    secret_key=$(openssl rand -hex 40)
    storage_key=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')
    set_in PUBLIC_URL "https://$domain" < "$source/.env.example" | set_in DATABASE_URL "$database_url" |
        set_in REDIS_URL "$redis_url" | set_in VAR_DIR "$var" | set_in DRAIN_TIMEOUT_S "$drain_s" |
        set_in SECRET_KEY "$secret_key" | set_in STORAGE_KEYS "$storage_key" | put 600 "$env_file"
    do_ chown "$user:" "$env_file"
fi
unset_in_file() { ! grep -q "^$1=." "$env_file" 2>/dev/null; }

step "the command voiceapp"
as="runuser -u $user -- "
[ -z "$prefix" ] || as=""
put 755 "$prefix/usr/local/bin/voiceapp" <<END
#!/bin/sh
# manage.py of the version that serves, as the user $user: voiceapp doctor
exec ${as}env ENV_FILE=$env_file $opt/current/script/manage "\$@"
END

step "tables"
as_user "$opt/current/script/manage" migrate_once --verbosity 0

step "units"
units=$prefix/etc/systemd/system
write_units "$units"
services='voiceapp-web'
for number in $(seq "$media"); do services="$services voiceapp-media@$number"; done
if [ -n "$prefix" ]; then note "with --prefix none is started: $services"; else
    do_ systemctl daemon-reload
    # shellcheck disable=SC2086 # a list of names
    do_ systemctl enable -q $services
    for timer in "$source"/deploy/systemd/*.timer; do do_ systemctl enable -q --now "$(basename "$timer")"; done
fi

step "certificate"
tls=$etc/tls
if [ -s "$tls/fullchain.pem" ]; then note "$tls/fullchain.pem is there"; else
    # nginx needs one before Let's Encrypt can ask it for another. openssl makes the key 0600.
    do_ install -d -m 700 "$tls"
    do_ openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
        -keyout "$tls/privkey.pem" -out "$tls/fullchain.pem" 2> /dev/null
fi

step "nginx"
if [ -n "$prefix" ]; then
    write_nginx "$prefix/etc/nginx/conf.d"
    note "with --prefix it is not started"
else
    write_nginx /etc/nginx/conf.d
    # Debian's 768 are two for each call, and one source that begins requests without an end takes them all.
    if [ "$(sed -n 's/^\s*worker_connections\s*\([0-9]*\);.*/\1/p' /etc/nginx/nginx.conf 2>/dev/null)" = 768 ]; then
        do_ sed -i 's/^\(\s*worker_connections\s*\)768;/\116384;/' /etc/nginx/nginx.conf
        echo "worker_rlimit_nofile 65536;" | put 644 /etc/nginx/modules-enabled/90-voiceapp.conf
    fi
    do_ nginx -t -q
    do_ systemctl enable -q --now nginx
    # Calls that run stay with the old workers until they end.
    do_ systemctl reload nginx
    if [ -z "$self_signed" ] && [ ! -d "/etc/letsencrypt/live/$domain" ]; then
        contact=(--register-unsafely-without-email)
        [ -z "$email" ] || contact=(--email "$email")
        do_ certbot certonly --webroot -w "$www" -d "$domain" --non-interactive --agree-tos "${contact[@]}" \
            --deploy-hook "systemctl reload nginx"
        do_ ln -sf "/etc/letsencrypt/live/$domain/fullchain.pem" "$tls/fullchain.pem"
        do_ ln -sf "/etc/letsencrypt/live/$domain/privkey.pem" "$tls/privkey.pem"
        do_ systemctl reload nginx
    fi
fi

step "the first person: $person"
people='from django.contrib.auth.models import User; print(User.objects.filter(is_superuser=True).exists())'
if [ -z "$dry" ] && [ "$(as_user "$opt/current/script/manage" shell -v0 -c "$people" 2>/dev/null)" = True ]; then
    note "somebody is there already"
else
    # It says the password, once.
    as_user "$opt/current/script/manage" first_person "$person" --email "$person@$domain"
fi

step "the server"
lacking=''
for name in TWILIO_AUTH_TOKEN GOOGLE_APPLICATION_CREDENTIALS; do
    if unset_in_file "$name" && unset_in_file "${name}_FILE"; then lacking="$lacking $name"; fi
done
unset_in_file STT_EMULATOR_HOST || lacking=${lacking/ GOOGLE_APPLICATION_CREDENTIALS/}
if [ -n "$lacking" ]; then
    note "is not started: set in $env_file${lacking}, then run this again"
elif [ -n "$prefix" ]; then
    note "with --prefix it is yours to start: ENV_FILE=$env_file $opt/current/script/server --unix $run/web/http.sock"
else
    socket_of() { echo "${1#voiceapp-}" | tr @ -; }
    # One after the other: what one does not take while it ends, or begins, the others do.
    for service in ${services#* } voiceapp-web; do
        running=$(systemctl show -p MainPID --value "$service" 2>/dev/null || true)
        if [ "$(readlink "/proc/${running:-0}/cwd" 2>/dev/null)" = "$release" ]; then note "$service runs it"; else
            do_ systemctl restart "$service"
            do_ curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "http://127.0.0.1:9180/readyz/$(socket_of "$service")"
        fi
    done
    note "look at it: voiceapp doctor; then voiceapp connect_number +972…"
fi
