{{/* The same as workflows/search_attributes.py, which the chart's check compares it with. */}}
{{- define "oms.searchAttributes" -}}
{{- $types := dict "OmsStatus" "Keyword" "OmsChannel" "Keyword" "OmsRegion" "Keyword" "OmsHold" "Keyword"
    "OmsNode" "Keyword" "OmsPromiseTime" "Datetime" "OmsPriority" "Int" }}
{{- range $name, $type := $types }}
  temporal operator search-attribute create --address {{ $.Values.temporal.address }} --namespace {{ $.Values.temporal.namespace }} --name {{ $name }} --type {{ $type }}
{{- end }}
{{- end -}}
