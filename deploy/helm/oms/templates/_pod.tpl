{{/* What the pods and containers of all parts have in common. */}}

{{- define "oms.podAnnotations" -}}
{{- $metrics := .Values.telemetry.metrics -}}
checksum/settings: {{ include "oms.settings" . | sha256sum }}
{{- if $metrics.enabled }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ $metrics.port | int | quote }}
prometheus.io/path: /metrics
{{- end }}
{{- with .Values.pod.annotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "oms.podSettings" -}}
automountServiceAccountToken: false
# With links, a Service called oms-metrics would set OMS_METRICS_PORT, which is a setting of ours.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "oms.spread" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "oms.selector" $ | fromYaml | toJson }}}
  {{- end }}
{{- end -}}

{{- define "oms.container" -}}
image: {{ include "oms.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "oms.mounts" -}}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if .root.Values.tls.enabled }}
  - {name: tls, mountPath: /etc/oms/tls, readOnly: true}
  {{- end }}
  {{- if and .serves .root.Values.jwt.enabled .root.Values.jwt.jwks.configMapName }}
  - {name: jwks, mountPath: /etc/oms/jwt, readOnly: true}
  {{- end }}
  {{- if .doors }}
  {{- with .root.Values.doors }}
  {{- if .secretName }}
  - {name: channels, mountPath: /etc/oms/channels, readOnly: true}
  {{- end }}
  {{- if .folder.claimName }}
  - {name: folder, mountPath: /var/lib/oms/channels}
  {{- end }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "oms.volumes" -}}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 64Mi}
  {{- with .root.Values }}
  {{- if .tls.enabled }}
  - name: tls
    secret: {secretName: {{ default .tls.secretName $.tlsSecretName }}, defaultMode: 288} # 0440
  {{- end }}
  {{- if and $.serves .jwt.enabled .jwt.jwks.configMapName }}
  - name: jwks
    configMap:
      name: {{ .jwt.jwks.configMapName }}
      items: [{key: {{ .jwt.jwks.key }}, path: jwks.json}]
  {{- end }}
  {{- if $.doors }}
  {{- if .doors.secretName }}
  - name: channels
    secret: {secretName: {{ .doors.secretName }}, defaultMode: 288} # 0440
  {{- end }}
  {{- if .doors.folder.claimName }}
  - name: folder
    persistentVolumeClaim: {claimName: {{ .doors.folder.claimName }}}
  {{- end }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* A variable from a Secret. Takes (dict "name" "OMS_TOKEN" "secret" ... "key" ...). */}}
{{- define "oms.secretVariable" -}}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end -}}

{{- define "oms.tokenVariable" -}}
{{- with .Values.jwt -}}
{{- if .enabled -}}
{{- include "oms.secretVariable" (dict "name" "OMS_TOKEN" "secret" .callerToken.secretName "key" .callerToken.key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
