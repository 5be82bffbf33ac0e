{{- define "voiceapp.labels" -}}
app.kubernetes.io/name: voiceapp
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "voiceapp.claim" -}}
{{ .Values.var.existingClaim | default (printf "%s-var" .Release.Name) }}
{{- end }}

{{- /* A pod that serves; called with a dict of root, role and resources. */}}
{{- define "voiceapp.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- include "voiceapp.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "8000"
    prometheus.io/path: /metrics
spec:
  automountServiceAccountToken: false
  # Longer than a drain takes, with its watchdog's 75 s behind it and the pause before it.
  terminationGracePeriodSeconds: {{ add $values.drainTimeoutS 100 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 101
    fsGroup: 101
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "voiceapp.labels" .root | nindent 10 }}
          app.kubernetes.io/component: {{ .role }}
  containers:
    - name: voiceapp
      image: "{{ $values.image.repository }}:{{ $values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ $values.image.pullPolicy }}
      ports:
        - { name: http, containerPort: 8000 }
      envFrom:
        - secretRef: { name: {{ $values.environmentSecret }} }
      env:
        - { name: PUBLIC_URL, value: "https://{{ $values.domain }}" }
        - { name: HOST, value: 0.0.0.0 }
        - { name: PORT, value: "8000" }
        - { name: VAR_DIR, value: /var/lib/voiceapp }
        - { name: PROXY_NETWORKS, value: {{ $values.proxyNetworks | quote }} }
        - { name: DRAIN_TIMEOUT_S, value: {{ $values.drainTimeoutS | quote }} }
        - { name: MAX_CALLS, value: {{ $values.media.maxCalls | quote }} }
        {{- if $values.googleSecret }}
        - { name: GOOGLE_APPLICATION_CREDENTIALS, value: /etc/voiceapp/google.json }
        {{- end }}
        {{- range $name, $value := $values.environment }}
        - { name: {{ $name }}, value: {{ $value | quote }} }
        {{- end }}
      # What sends calls here hears of the end first: a handshake in between would be refused.
      lifecycle:
        preStop:
          exec: { command: ["sleep", "5"] }
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 90
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 1
      # Not soon: a process that hangs ends its calls, and one that is slow does not.
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 10
        failureThreshold: 6
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: var, mountPath: /var/lib/voiceapp }
        - { name: tmp, mountPath: /tmp }
        {{- if $values.googleSecret }}
        - { name: google, mountPath: /etc/voiceapp, readOnly: true }
        {{- end }}
  volumes:
    - name: var
      persistentVolumeClaim: { claimName: {{ include "voiceapp.claim" .root }} }
    - name: tmp
      emptyDir: {}
    {{- if $values.googleSecret }}
    - name: google
      secret: { secretName: {{ $values.googleSecret }}, defaultMode: 0440 }
    {{- end }}
{{- end }}
