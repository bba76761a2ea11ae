/** Options of Mosquitto 2.0 and 2.1 that this broker does not have. */
export const unsupported: ReadonlySet<string> = new Set(
  `address addresses allow_duplicate_messages auth_plugin
   auth_plugin_deny_special_chars autosave_interval autosave_on_changes bind_interface
   bridge_alpn bridge_attempt_unsubscribe bridge_bind_address bridge_cafile bridge_capath
   bridge_certfile bridge_ciphers bridge_identity bridge_insecure bridge_keyfile
   bridge_max_packet_size bridge_max_topic_alias bridge_outgoing_retain bridge_protocol_version
   bridge_psk bridge_receive_maximum bridge_reload_type bridge_require_ocsp
   bridge_session_expiry_interval bridge_tcp_keepalive bridge_tcp_user_timeout bridge_tls_use_os_certs
   bridge_tls_version capath check_retain_source ciphers ciphers_tls1.3 cleansession clientid
   clientid_prefixes connection dhparamfile disable_client_cert_date_checks enable_control_api
   global_max_clients global_max_connections global_plugin http_dir idle_timeout keepalive_interval
   listener_allow_anonymous listener_auto_id_prefix local_cleansession local_clientid local_password
   local_username log_facility log_timestamp_format max_inflight_bytes max_queued_bytes
   memory_limit mount_point notification_topic notifications
   notifications_local_only packet_buffer_size password persistence persistence_file
   persistence_location pid_file plugin plugin_load plugin_use psk_file psk_hint
   queue_qos0_messages remote_clientid remote_password remote_username restart_timeout
   retain_expiry_interval retry_interval round_robin start_type sys_interval threshold tls_engine
   tls_engine_kpass_sha1 tls_keyform topic try_private upgrade_outgoing_qos user username
   use_username_as_clientid websockets_headers_size websockets_log_level websockets_origin`
    .split(/\s+/)
    .filter(name => name !== ''),
);

/** Options of plugins and bridges that go by a prefix. */
export const unsupportedPrefix = /^(auth_opt_|plugin_opt_)/;
