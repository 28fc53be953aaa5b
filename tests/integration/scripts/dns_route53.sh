#!/usr/bin/env sh
# shellcheck disable=SC2034,SC2154
# XML both ways, and each request signed by a chain of keys; a set is written whole.

Aws_Host="route53.amazonaws.com"
Aws_Ns='xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'

dns_route53_add() {
  _aws_open "$1" || return 1
  _aws_values "$1"
  if _contains "$_values" "\"$2\""; then
    _info "is there"
    return 0
  fi
  _aws_change UPSERT "$1" "$_values<ResourceRecord><Value>\"$2\"</Value></ResourceRecord>"
}

dns_route53_rm() {
  _aws_open "$1" || return 1
  _aws_values "$1"
  _contains "$_values" "\"$2\"" || return 0
  _kept="$(printf "%s" "$_values" | sed "s|<ResourceRecord><Value>\"$2\"</Value></ResourceRecord>||")"
  if [ -n "$_kept" ]; then
    _aws_change UPSERT "$1" "$_kept"
  else
    _aws_change DELETE "$1" "$_values"
  fi
}

_aws_values() {
  _aws GET "/2013-04-01/hostedzone/$_zone/rrset" "name=$1&type=TXT"
  _values="$(printf "%s" "$response" | sed 's/<ResourceRecordSet>/\
/g' | grep "<Name>$1\.</Name>" | _egrep_o '<ResourceRecords>.*</ResourceRecords>' | sed 's/<.*ResourceRecords>\(.*\)<\/ResourceRecords>/\1/;s/<ResourceRecords>//')"
  _debug2 values "$_values"
}

_aws_change() {
  _body="<?xml version=\"1.0\"?><ChangeResourceRecordSetsRequest $Aws_Ns><ChangeBatch><Changes><Change><Action>$1</Action><ResourceRecordSet><Name>$2</Name><Type>TXT</Type><TTL>10</TTL><ResourceRecords>$3</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
  _aws POST "/2013-04-01/hostedzone/$_zone/rrset/" "" "$_body"
  if _contains "$response" "<Message>"; then
    _err "$(printf "%s" "$response" | _egrep_o '<Message>[^<]*')"
    return 1
  fi
}

_aws_open() {
  AWSX_ID="${AWSX_ID:-$(_readaccountconf_mutable AWSX_ID)}"
  AWSX_SECRET="${AWSX_SECRET:-$(_readaccountconf_mutable AWSX_SECRET)}"
  if [ -z "$AWSX_ID" ] || [ -z "$AWSX_SECRET" ]; then
    _err "settings are missing"
    return 1
  fi
  _saveaccountconf_mutable AWSX_ID "$AWSX_ID"
  _saveaccountconf_mutable AWSX_SECRET "$AWSX_SECRET"
  _aws GET /2013-04-01/hostedzone "" || return 1
  _list="$response"
  while _contains "$response" "<IsTruncated>true</IsTruncated>"; do
    _marker="$(printf "%s" "$response" | _egrep_o '<NextMarker>[^<]*' | cut -d '>' -f 2)"
    _aws GET /2013-04-01/hostedzone "marker=$_marker" || return 1
    _list="$_list$response"
  done
  _h="$1"
  while _contains "$_h" "\."; do
    _h="$(printf "%s" "$_h" | cut -d . -f 2-)"
    _zone="$(printf "%s" "$_list" | _egrep_o "<HostedZone><Id>[^<]*</Id><Name>$_h\.</Name><Config><PrivateZone>false" | _egrep_o '/hostedzone/[^<]*' | cut -d / -f 3)"
    [ -z "$_zone" ] || return 0
  done
  return 1
}

# METHOD PATH QUERY BODY
_aws() {
  _now="$(date -u +%Y%m%dT%H%M%SZ)"
  _day="$(printf "%s" "$_now" | cut -d T -f 1)"
  _hash="$(printf "%s" "$4" | _digest sha256 hex)"
  _request="$(printf "%s\n%s\n%s\nhost:%s\nx-amz-date:%s\n\nhost;x-amz-date\n%s" "$1" "$2" "$3" "$Aws_Host" "$_now" "$_hash" | _digest sha256 hex)"
  _scope="$_day/us-east-1/route53/aws4_request"
  _key="$(printf "AWS4%s" "$AWSX_SECRET" | _hex_dump | tr -d ' ')"
  for _part in "$_day" us-east-1 route53 aws4_request; do
    _key="$(printf "%s" "$_part" | _hmac sha256 "$_key" hex)"
  done
  _secure_debug3 key "$_key"
  _signature="$(printf "AWS4-HMAC-SHA256\n%s\n%s\n%s" "$_now" "$_scope" "$_request" | _hmac sha256 "$_key" hex)"
  _H1="x-amz-date: $_now"
  _H2="Authorization: AWS4-HMAC-SHA256 Credential=$AWSX_ID/$_scope, SignedHeaders=host;x-amz-date, Signature=$_signature"
  if [ "$1" = GET ]; then
    response="$(_get "https://$Aws_Host$2${3:+?$3}")"
  else
    response="$(_post "$4" "https://$Aws_Host$2")"
  fi
}
