#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# What is to be done is a field of the head, and all five fields are in use.

Tencent_Host="dnspod.tencentcloudapi.com"

dns_tencentcloud_add() {
  _tc_open "$1" || return 1
  _tc CreateRecord "{\"Domain\":\"$_domain\",\"SubDomain\":\"$_left\",\"RecordType\":\"TXT\",\"RecordLine\":\"默认\",\"RecordLineId\":\"0\",\"Value\":\"$2\",\"TTL\":600}"
}

dns_tencentcloud_rm() {
  _tc_open "$1" || return 1
  if ! _tc DescribeRecordList "{\"Domain\":\"$_domain\",\"Subdomain\":\"$_left\",\"RecordType\":\"TXT\",\"Offset\":0,\"Limit\":100}"; then
    _contains "$response" "NoDataOfRecord"
    return "$?"
  fi
  _id="$(printf "%s" "$response" | _egrep_o "\{\"RecordId\": *[0-9]+, [^}]*\"Value\": *\"$2\"" | cut -d , -f 1 | cut -d : -f 2 | tr -d ' ')"
  [ -z "$_id" ] || _tc DeleteRecord "{\"Domain\":\"$_domain\",\"RecordId\":$_id}"
}

_tc_open() {
  TCX_Id="${TCX_Id:-$(_readaccountconf_mutable TCX_Id)}"
  TCX_Key="${TCX_Key:-$(_readaccountconf_mutable TCX_Key)}"
  if [ -z "$TCX_Id" ] || [ -z "$TCX_Key" ]; then
    TCX_Id=""
    TCX_Key=""
    _err "TCX_Id and TCX_Key are not set"
    return 1
  fi
  _saveaccountconf_mutable TCX_Id "$TCX_Id"
  _saveaccountconf_mutable TCX_Key "$TCX_Key"
  _names=""
  _offset=0
  while _tc DescribeDomainList "{\"Offset\":$_offset,\"Limit\":100}" && _contains "$response" '"DomainId"'; do
    _names="$_names$(printf "%s" "$response" | _egrep_o '"Name": *"[^"]*"')
"
    _offset=$(_math "$_offset" + 100)
  done
  _domain="$1"
  until printf "%s" "$_names" | grep -q "\"$_domain\"\$"; do
    _contains "$_domain" "\." || return 1
    _domain="${_domain#*.}"
  done
  _left="${1%".$_domain"}"
}

_tc() {
  _seconds="$(_time)"
  _day="$(date -u -d "@$_seconds" +%Y-%m-%d)"
  _hash="$(printf "%s" "$2" | _digest sha256 hex)"
  _head="$(printf "Content-Type:Application/JSON\nHost:%s\n" "$Tencent_Host" | _lower_case)"
  _request="$(printf "POST\n/\n\n%s\n\ncontent-type;host\n%s" "$_head" "$_hash" | _digest sha256 hex)"
  _text="$(printf "TC3-HMAC-SHA256\n%s\n%s/dnspod/tc3_request\n%s" "$_seconds" "$_day" "$_request")"
  _hex="$(printf "TC3%s" "$TCX_Key" | _hex_dump | tr -d " ")"
  _hex="$(printf "%s" "$_day" | _hmac sha256 "$_hex" hex)"
  _hex="$(printf "dnspod" | _hmac sha256 "$_hex" hex)"
  _hex="$(printf "tc3_request" | _hmac sha256 "$_hex" hex)"
  _signature="$(printf "%s" "$_text" | _hmac sha256 "$_hex" hex)"
  _H1="Authorization: TC3-HMAC-SHA256 Credential=$TCX_Id/$_day/dnspod/tc3_request, SignedHeaders=content-type;host, Signature=$_signature"
  _H2="Content-Type: application/json"
  _H3="X-TC-Action: $1"
  _H4="X-TC-Version: 2021-03-23"
  _H5="X-TC-Timestamp: $_seconds"
  response="$(_post "$2" "https://$Tencent_Host/" "" "$(echo post | _upper_case)")"
  if _contains "$response" '"Error"'; then
    _err "$1: $(printf "%s" "$response" | _egrep_o '"Message": *"[^"]*"')"
    return 1
  fi
}
