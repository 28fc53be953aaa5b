#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# All hosts of a domain are written together: what is there is read into a file, a line each, and numbered again.

dns_namecheap_add() {
  _nch_open "$1" || return 1
  _nch_hosts || return 1
  printf '%s TXT %s 10 300\n' "$_left" "$2" >>"$_hosts"
  _nch_write
}

dns_namecheap_rm() {
  _nch_open "$1" || return 1
  _nch_hosts || return 1
  _sed_i "/^$_left TXT $2 /d" "$_hosts"
  _nch_write
}

# Attributes of a host, encoded, with blanks between.
_nch_hosts() {
  _hosts="$(_mktemp)"
  _nch domains.dns.getHosts "SLD=$_sld&TLD=$_tld" || return 1
  _mail="$(printf "%s" "$response" | _egrep_o 'EmailType="[^"]*"' | cut -d '"' -f 2)"
  printf "%s" "$response" | _egrep_o '<host [^>]*>' | while read -r _line; do
    for _attribute in Name Type Address MXPref TTL; do
      printf "%s " "$(printf "%s" "$_line" | sed "s/.* $_attribute=\"\([^\"]*\)\".*/\1/" | tr -d '\n' | _url_encode)"
    done
    echo
  done >"$_hosts"
}

_nch_write() {
  n=0
  _form="EmailType=$_mail"
  while read -r _name _type _address _pref _ttl; do
    n=$(_math "$n" + 1)
    _form="$_form&HostName$n=$_name&RecordType$n=$_type&Address$n=$_address&MXPref$n=$_pref&TTL$n=$_ttl"
  done <"$_hosts"
  rm -f "$_hosts"
  _nch domains.dns.setHosts "SLD=$_sld&TLD=$_tld&$_form"
}

_nch_open() {
  NCHX_USERNAME="${NCHX_USERNAME:-$(_readaccountconf_mutable NCHX_USERNAME)}"
  NCHX_API_KEY="${NCHX_API_KEY:-$(_readaccountconf_mutable NCHX_API_KEY)}"
  if [ -z "$NCHX_USERNAME" ] || [ -z "$NCHX_API_KEY" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable NCHX_USERNAME "$NCHX_USERNAME"
  _saveaccountconf_mutable NCHX_API_KEY "$NCHX_API_KEY"
  _ip="$(_get "https://dynamicdns.park-your-domain.com/getip")"
  _page=1
  _names=""
  while _nch domains.getList "PageSize=100&Page=$_page"; do
    _contains "$response" "<Domain " || break
    _names="$_names$response"
    _page=$(_math "$_page" + 1)
  done
  _h="$1"
  while _contains "$_h" "\."; do
    _h="$(printf "%s" "$_h" | cut -d . -f 2-)"
    if _contains "$_names" " Name=\"$_h\""; then
      _sld="$(printf "%s" "$_h" | cut -d . -f 1)"
      _tld="$(printf "%s" "$_h" | cut -d . -f 2-)"
      _left="${1%".$_h"}"
      return 0
    fi
  done
  _err "no domain for $1"
}

_nch() {
  response="$(_post "ApiUser=$NCHX_USERNAME&ApiKey=$NCHX_API_KEY&UserName=$NCHX_USERNAME&ClientIp=$_ip&Command=namecheap.$1&$2" "https://api.namecheap.com/xml.response")"
  if _contains "$response" '<ApiResponse Status="OK"'; then
    return 0
  fi
  _err "$(printf "%s" "$response" | _egrep_o '<Error [^>]*>[^<]*')"
}
