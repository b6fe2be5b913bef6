{{/* What things are called. */}}

{{- define "oms.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of a part, and never changes. Takes (dict "root" $ "part" "intake"). */}}
{{- define "oms.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .part }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "oms.labels" -}}
{{ include "oms.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: oms
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "oms.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "oms.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "oms.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where a service is found. Headless, so every replica has an address of its own and gRPC clients take turns. */}}
{{- define "oms.address" -}}
{{- $port := (index .root.Values.services .part).port | int -}}
{{- printf "%s-%s.%s.svc:%d" (include "oms.fullname" .root) .part .root.Release.Namespace $port -}}
{{- end -}}

{{/* The port of host:port or of a URL. */}}
{{- define "oms.portOf" -}}
{{- $url := urlParse (contains "://" . | ternary . (printf "tcp://%s" .)) -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- end -}}
