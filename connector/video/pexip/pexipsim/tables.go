package pexipsim

// The configuration resources: fields, limits, choices and defaults of §1.2–§1.5 and §4.1.

const (
	sectionConfiguration = "configuration"
	sectionStatus        = "status"
	sectionHistory       = "history"
	sectionCommand       = "command"

	resConference = "conference"
	resAlias      = "conference_alias"
	resTheme      = "ivr_theme"
	resGroup      = "identity_provider_group"
	resProvider   = "identity_provider"
	resGlobal     = "global"
	resLogin      = "authentication"
	resLocation   = "system_location"
	resSink       = "event_sink"
	resAutomatic  = "automatic_participant"
)

func everything() []string { return []string{"get", "post", "put", "delete", "patch"} }

// configurationSpecs are all resources of the section configuration that are built.
func configurationSpecs() []*spec {
	all := func(name string, fields []field) *spec {
		return newSpec(sectionConfiguration, name, fields).methods(everything(), everything())
	}
	one := func(name string, fields []field) *spec {
		s := newSpec(sectionConfiguration, name, fields).methods([]string{"get"}, []string{"get", "patch"})
		s.singleton = true
		return s
	}
	return []*spec{
		all(resConference, conferenceFields()), all(resAlias, aliasFields()), all(resTheme, themeFields()),
		all(resGroup, groupFields()), all(resProvider, providerFields()), all(resLocation, locationFields()),
		all(resSink, sinkFields()), all(resAutomatic, automaticFields()),
		one(resGlobal, globalFields()), one(resLogin, loginFields()),
	}
}

// own are the members that every configuration object has.
func own() []field {
	return []field{integer("id", 0, 0, 0).fixed(), text("resource_uri", 0).fixed().nofind()}
}

func views() []string {
	return []string{
		"one_main_zero_pips", "one_main_seven_pips", "one_main_twentyone_pips", "two_mains_twentyone_pips",
		"four_mains_zero_pips", "nine_mains_zero_pips", "sixteen_mains_zero_pips", "twentyfive_mains_zero_pips",
		"five_mains_seven_pips",
	}
}

// conferenceFields is §1.2.
func conferenceFields() []field {
	fields := append(own(),
		text("name", 250).needed().single(),
		oneOf("service_type", "conference", "conference", "lecture", "two_stage_dialing", "test_call", "media_playback"),
		text("description", 250), links("aliases", resAlias), text("pin", 20), text("guest_pin", 20),
		flag("allow_guests", false), integer("participant_limit", nil, 0, 1_000_000), text("tag", 250),
		text("primary_owner_email_address", 100), oneOf("call_type", "video", "audio", "video", "video-only"),
		oneOf("crypto_mode", "", "", "besteffort", "on", "off"),
		perhaps("host_view", views()...), perhaps("guest_view", views()...), flag("guests_can_present", true),
		oneOf("guests_can_see_guests", "no_hosts", "no_hosts", "never", "always"), flag("mute_all_guests", false),
		oneOf("enable_chat", "default", "default", "yes", "no"), flag("enable_overlay_text", false),
		flag("breakout_rooms", false), oneOf("direct_media", "never", "never", "best_effort", "always"),
		integer("direct_media_notification_duration", 0, 0, 30),
		integer("max_callrate_in", nil, 128, 8192), integer("max_callrate_out", nil, 128, 8192),
		perhaps("max_pixels_per_second", "sd", "hd", "fullhd"), link("ivr_theme", resTheme).whole(),
		link("host_identity_provider_group", resGroup), link("guest_identity_provider_group", resGroup),
		oneOf("non_idp_participants", "disallow_all", "disallow_all", "allow_if_trusted"),
		links("automatic_participants", resAutomatic), text("pinning_config", 250),
		oneOf("live_captions_enabled", "default", "default", "yes", "no"),
	)
	for _, name := range []string{"denoise_enabled", "softmute_enabled", "enable_active_speaker_indication", "force_presenter_into_main"} {
		fields = append(fields, flag(name, false))
	}
	for _, name := range []string{"match_string", "replace_string", "post_match_string", "post_replace_string", "gms_access_token", "two_stage_dial_type"} {
		fields = append(fields, text(name, 250).maybe())
	}
	return append(fields,
		link("mssip_proxy", "mssip_proxy"), link("teams_proxy", "teams_proxy"), link("system_location", resLocation),
		link("media_playlist", "media_library_playlist"), text("on_completion", 250).maybe(), text("sync_tag", 250),
		links("scheduled_conferences", "scheduled_conference").fixed(), integer("scheduled_conferences_count", 0, 0, 0).fixed(),
		at("creation_time").fixed(),
		// Unknown to the contract, as members of later versions are.
		oneOf("meeting_summary_enabled", "default", "default", "yes", "no").nofind(),
	)
}

// aliasFields is §1.4.
func aliasFields() []field {
	return append(own(),
		text("alias", 250).needed().single(), link("conference", resConference).needed(), text("description", 250),
		integer("view_order", 0, 0, 1_000_000), at("creation_time").fixed())
}

func themeFields() []field {
	return append(own(),
		text("name", 250).needed().single(), text("uuid", 36).fixed(), links("custom_layouts", ""), links("pinning_configs", ""),
		links("conference", resConference).fixed(), at("last_updated").fixed())
}

func groupFields() []field {
	return append(own(), text("name", 250).needed().single(), text("description", 250), links("identity_provider", resProvider))
}

func providerFields() []field {
	return append(own(), text("name", 250).needed().single(), text("description", 250), text("uuid", 36).fixed())
}

// locationFields is §4.1: the part of system_location that event sinks need.
func locationFields() []field {
	return append(own(),
		text("name", 250).needed().single(), text("description", 250), links("event_sinks", resSink),
		link("policy_server", "policy_server"), text("local_mssip_domain", 255))
}

// sinkFields is §4.1.
func sinkFields() []field {
	return append(own(),
		text("name", 250).needed().single(), text("url", 255).needed(), text("username", 100), text("password", 100).hidden(),
		flag("verify_tls_certificate", true), integer("version", 1, 1, 2), flag("bulk_support", false),
		flag("filter_events", false), links("events", ""), text("description", 250), at("restart_date"), at("updated_at").fixed())
}

func automaticFields() []field {
	return append(own(),
		text("alias", 250).needed(), text("description", 250), link("conference", resConference),
		oneOf("protocol", "sip", "h323", "mssip", "sip", "rtmp", "gms", "teams"), oneOf("role", "guest", "guest", "chair"),
		oneOf("call_type", "video", "audio", "video", "video-only"), flag("streaming", false), at("creation_time").fixed())
}

// globalFields is §1.5: the settings that a municipality is asked about. Times are seconds.
func globalFields() []field {
	return append(own(),
		integer("waiting_for_chair_timeout", 900, 0, 86_400), integer("guests_only_timeout", 60, 0, 86_400),
		integer("pin_entry_timeout", 120, 30, 86_400), integer("eject_last_participant_backstop_timeout", 0, 0, 86_400),
		integer("min_pin_length", 6, 4, 20), flag("bdpm_pin_checks_enabled", true),
		integer("bdpm_max_pin_failures_per_window", 20, 5, 200), flag("bdpm_scan_quarantine_enabled", true),
		integer("logs_max_age", 0, 0, 3650), flag("enable_chat", true),
		oneOf("crypto_mode", "besteffort", "besteffort", "on", "off"), flag("enable_legacy_dialout_api", false),
		integer("es_connection_timeout", 7, 1, 300), integer("es_initial_retry_backoff", 1, 1, 86_400),
		integer("es_maximum_retry_backoff", 1800, 1, 86_400), integer("es_media_streams_wait", 1, 0, 300),
		integer("es_short_term_memory_expiration", 2, 0, 300), integer("es_metrics_update_interval", 60, 0, 86_400))
}

// loginFields is what §1.8 tells of the resource authentication.
func loginFields() []field {
	return append(own(), flag("api_oauth2_disable_basic", false), integer("api_oauth2_expiration", 3600, 60, 86_400))
}
