-- Written by python -m models.make_migration. The tables of an SQLite file after 0014_references.
BEGIN;
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
CREATE TABLE "animatic" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "storyboard_id" BIGINT NOT NULL,
    "options" JSON NOT NULL
);
CREATE INDEX "idx_animatic_workflo_8eb699" ON "animatic" ("workflow_id", "id");
CREATE INDEX "idx_animatic_owner_6f1ab1" ON "animatic" ("owner", "id");
CREATE TABLE "animatic_part" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "animatic_id" BIGINT NOT NULL,
    "shot_id" BIGINT NOT NULL,
    "text" TEXT,
    "voice_id" VARCHAR(128),
    "provider" VARCHAR(64),
    CONSTRAINT "uid_animatic_pa_animati_a859b7" UNIQUE ("animatic_id", "shot_id")
);
CREATE TABLE "artifact" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(16) NOT NULL  /* SCRIPT: SCRIPT\nDESIGN: DESIGN\nGRID: GRID\nPICTURE: PICTURE\nSPEECH: SPEECH\nMOTION: MOTION\nANIMATIC: ANIMATIC\nCLIP: CLIP\nMUSIC: MUSIC\nFILM: FILM */,
    "subject_id" BIGINT NOT NULL,
    "slot" INT NOT NULL,
    "fingerprint" VARCHAR(64),
    "failed_fingerprint" VARCHAR(64),
    "error" JSON,
    "data" JSON NOT NULL,
    "is_pinned" INT NOT NULL,
    "made_by_job_id" BIGINT,
    "version" INT NOT NULL,
    "made_at" TIMESTAMP,
    CONSTRAINT "uid_artifact_kind_413bfc" UNIQUE ("kind", "subject_id", "slot")
);
CREATE TABLE "artifact_file" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "artifact_id" BIGINT NOT NULL,
    "role" VARCHAR(16) NOT NULL  /* MAIN: MAIN\nCANDIDATE: CANDIDATE\nAUDIO: AUDIO\nSUBTITLES: SUBTITLES\nPOSTER: POSTER */,
    "position" INT NOT NULL,
    "file_id" BIGINT NOT NULL,
    CONSTRAINT "uid_artifact_fi_artifac_8b229c" UNIQUE ("artifact_id", "role", "position")
);
CREATE INDEX "idx_artifact_fi_file_id_bcfd6a" ON "artifact_file" ("file_id");
CREATE TABLE "asset" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "script_id" BIGINT NOT NULL,
    "position" INT NOT NULL,
    "type" VARCHAR(16) NOT NULL  /* CHARACTER: CHARACTER\nPROP: PROP\nSCENE: SCENE */,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "prompt" TEXT NOT NULL,
    "aliases" JSON NOT NULL,
    "voice_id" VARCHAR(128),
    "reference_file_id" BIGINT,
    "provider" VARCHAR(64),
    "generation" INT NOT NULL,
    CONSTRAINT "uid_asset_script__6c9da9" UNIQUE ("script_id", "position")
);
CREATE INDEX "idx_asset_workflo_9c6712" ON "asset" ("workflow_id", "id");
CREATE TABLE "edit" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "video_id" BIGINT NOT NULL,
    "options" JSON NOT NULL,
    "music" JSON
);
CREATE INDEX "idx_edit_workflo_49401d" ON "edit" ("workflow_id", "id");
CREATE INDEX "idx_edit_owner_06a60b" ON "edit" ("owner", "id");
CREATE TABLE "idempotency_key" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "mutation" VARCHAR(64) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "input_sha256" VARCHAR(64) NOT NULL,
    "result_id" BIGINT NOT NULL, "outcome" JSON,
    CONSTRAINT "uid_idempotency_owner_9ff24c" UNIQUE ("owner", "mutation", "key")
);
CREATE INDEX "idx_idempotency_created_98dcfd" ON "idempotency_key" ("created_at");
CREATE TABLE "job" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "type" VARCHAR(24) NOT NULL  /* TEXT_TO_IMAGE: TEXT_TO_IMAGE\nIMAGE_TO_IMAGE: IMAGE_TO_IMAGE\nTEXT_TO_VIDEO: TEXT_TO_VIDEO\nIMAGE_TO_VIDEO: IMAGE_TO_VIDEO\nSCRIPT: SCRIPT\nASSETS: ASSETS\nSTORYBOARD: STORYBOARD\nANIMATIC: ANIMATIC\nSPEECH: SPEECH\nVIDEO: VIDEO\nEDIT: EDIT\nEXPORT: EXPORT */,
    "role" VARCHAR(8) NOT NULL  /* STAGE: STAGE\nBUILD: BUILD */,
    "queue" VARCHAR(16) NOT NULL  /* PLANNING: planning\nTEXT: text\nIMAGES: images\nVIDEOS: videos\nRENDERING: rendering */,
    "stage" VARCHAR(16)   /* SCRIPT: SCRIPT\nASSETS: ASSETS\nSTORYBOARD: STORYBOARD\nANIMATIC: ANIMATIC\nVIDEO: VIDEO\nEDIT: EDIT */,
    "status" VARCHAR(16) NOT NULL  /* PENDING: PENDING\nRUNNING: RUNNING\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "priority_rank" SMALLINT NOT NULL,
    "progress" REAL NOT NULL,
    "weight" REAL NOT NULL,
    "expected_weight" REAL NOT NULL,
    "message" TEXT,
    "error" JSON,
    "retry_count" INT NOT NULL,
    "tries" INT NOT NULL,
    "failures" INT NOT NULL,
    "params" JSON NOT NULL,
    "parent_id" BIGINT,
    "workflow_id" BIGINT,
    "target_id" BIGINT NOT NULL,
    "artifact_kind" VARCHAR(16),
    "artifact_subject_id" BIGINT,
    "artifact_slot" INT,
    "lease_epoch" INT NOT NULL,
    "worker" VARCHAR(64),
    "due_at_ms" BIGINT,
    "wakes" INT NOT NULL,
    "version" BIGINT NOT NULL,
    "started_at" TIMESTAMP,
    "finished_at" TIMESTAMP
, "record_id" BIGINT, "batch_id" BIGINT, "demand_key" VARCHAR(64), "is_superseded" INT, "waiting_since_ms" BIGINT, "trace_parent" VARCHAR(64), "batch_item_id" BIGINT, "front_order" BIGINT NOT NULL DEFAULT 0);
CREATE INDEX "idx_job_queue_316e63" ON "job" ("queue", "status", "due_at_ms");
CREATE INDEX "idx_job_parent__bd0098" ON "job" ("parent_id", "status");
CREATE INDEX "idx_job_target__ca76c8" ON "job" ("target_id", "role", "status");
CREATE INDEX "idx_job_workflo_836d5d" ON "job" ("workflow_id", "id");
CREATE INDEX "idx_job_owner_77ddfe" ON "job" ("owner", "id");
CREATE TABLE "job_file" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "job_id" BIGINT NOT NULL,
    "position" INT NOT NULL,
    "role" VARCHAR(16) NOT NULL  /* MAIN: MAIN\nCANDIDATE: CANDIDATE\nAUDIO: AUDIO\nSUBTITLES: SUBTITLES\nPOSTER: POSTER */,
    "file_id" BIGINT NOT NULL,
    CONSTRAINT "uid_job_file_job_id_e5909e" UNIQUE ("job_id", "position")
);
CREATE INDEX "idx_job_file_file_id_35504c" ON "job_file" ("file_id");
CREATE TABLE "process_lease" (
    "number" INT NOT NULL  PRIMARY KEY,
    "holder" VARCHAR(64) NOT NULL,
    "until_ms" BIGINT NOT NULL
, "heartbeat_at_ms" BIGINT, "queues" JSON, "started_at_ms" BIGINT);
CREATE TABLE "script" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "story_id" TEXT,
    "status" VARCHAR(16) NOT NULL  /* PENDING: PENDING\nRUNNING: RUNNING\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "input_type" VARCHAR(16) NOT NULL  /* NOVEL: NOVEL\nSCREENPLAY: SCREENPLAY\nOUTLINE: OUTLINE */,
    "source_file_id" BIGINT NOT NULL,
    "options" JSON NOT NULL,
    "language" VARCHAR(16),
    "title" TEXT,
    "screenplay" TEXT,
    "storyboard_script" TEXT,
    "draft_assets" JSON NOT NULL
);
CREATE INDEX "idx_script_workflo_b05014" ON "script" ("workflow_id", "id");
CREATE INDEX "idx_script_owner_fe07dd" ON "script" ("owner", "id");
CREATE TABLE "script_scene" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "script_id" BIGINT NOT NULL,
    "number" INT NOT NULL,
    "heading" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "characters" JSON NOT NULL,
    CONSTRAINT "uid_script_scen_script__204953" UNIQUE ("script_id", "number")
);
CREATE TABLE "script_shot" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "script_id" BIGINT NOT NULL,
    "scene_number" INT NOT NULL,
    "number" INT NOT NULL,
    "title" TEXT NOT NULL,
    "prompt" TEXT NOT NULL,
    "shot_type" VARCHAR(24) NOT NULL  /* EXTREME_LONG: EXTREME_LONG\nLONG: LONG\nFULL: FULL\nMEDIUM: MEDIUM\nCLOSE_UP: CLOSE_UP\nEXTREME_CLOSE_UP: EXTREME_CLOSE_UP\nOVER_THE_SHOULDER: OVER_THE_SHOULDER\nPOINT_OF_VIEW: POINT_OF_VIEW */,
    "narration" TEXT,
    "dialogue" TEXT,
    "speaker" TEXT,
    "bgm_hint" TEXT,
    "duration_seconds" REAL NOT NULL,
    "asset_names" JSON NOT NULL,
    CONSTRAINT "uid_script_shot_script__6aa9fa" UNIQUE ("script_id", "number")
);
CREATE TABLE "shot" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "storyboard_id" BIGINT NOT NULL,
    "sequence" INT NOT NULL,
    "scene_number" INT,
    "title" TEXT NOT NULL,
    "prompt" TEXT NOT NULL,
    "shot_type" VARCHAR(24) NOT NULL  /* EXTREME_LONG: EXTREME_LONG\nLONG: LONG\nFULL: FULL\nMEDIUM: MEDIUM\nCLOSE_UP: CLOSE_UP\nEXTREME_CLOSE_UP: EXTREME_CLOSE_UP\nOVER_THE_SHOULDER: OVER_THE_SHOULDER\nPOINT_OF_VIEW: POINT_OF_VIEW */,
    "narration" TEXT,
    "dialogue" TEXT,
    "speaker" TEXT,
    "bgm_hint" TEXT,
    "duration_seconds" REAL NOT NULL,
    "asset_ids" JSON NOT NULL,
    "grid_prompt" TEXT NOT NULL,
    "is_single" INT NOT NULL,
    "generation" INT NOT NULL,
    "provider" VARCHAR(64),
    CONSTRAINT "uid_shot_storybo_df7f3a" UNIQUE ("storyboard_id", "sequence")
);
CREATE TABLE "stored_file" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "content_type" VARCHAR(127) NOT NULL,
    "bytes" BIGINT NOT NULL,
    "width" INT,
    "height" INT,
    "duration_seconds" REAL,
    "name" VARCHAR(255) NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* WRITING: WRITING\nREADY: READY\nREMOVING: REMOVING */,
    "is_upload" INT NOT NULL,
    "made_by_job_id" BIGINT,
    "released_at" TIMESTAMP, "source_url" TEXT,
    CONSTRAINT "uid_stored_file_owner_c1fc68" UNIQUE ("owner", "sha256")
);
CREATE INDEX "idx_stored_file_made_by_a198f8" ON "stored_file" ("made_by_job_id");
CREATE INDEX "idx_stored_file_release_41d364" ON "stored_file" ("released_at");
CREATE TABLE "storyboard" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "script_id" BIGINT NOT NULL,
    "grid_layout" VARCHAR(16) NOT NULL  /* SINGLE: SINGLE\nGRID_2X2: GRID_2X2\nGRID_3X3: GRID_3X3\nGRID_4X4: GRID_4X4 */,
    "options" JSON NOT NULL
);
CREATE INDEX "idx_storyboard_workflo_e21ad0" ON "storyboard" ("workflow_id", "id");
CREATE INDEX "idx_storyboard_owner_fa6084" ON "storyboard" ("owner", "id");
CREATE TABLE "video" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "workflow_id" BIGINT,
    "animatic_id" BIGINT NOT NULL,
    "options" JSON NOT NULL
);
CREATE INDEX "idx_video_workflo_781c80" ON "video" ("workflow_id", "id");
CREATE INDEX "idx_video_owner_09e682" ON "video" ("owner", "id");
CREATE TABLE "video_segment" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "video_id" BIGINT NOT NULL,
    "shot_id" BIGINT NOT NULL,
    CONSTRAINT "uid_video_segme_video_i_0e5161" UNIQUE ("video_id", "shot_id")
);
CREATE TABLE "workflow" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "input_type" VARCHAR(16) NOT NULL  /* NOVEL: NOVEL\nSCREENPLAY: SCREENPLAY\nOUTLINE: OUTLINE */,
    "options" JSON NOT NULL,
    "status" VARCHAR(16) NOT NULL  /* PENDING: PENDING\nRUNNING: RUNNING\nPAUSED: PAUSED\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "current_stage" VARCHAR(16)   /* SCRIPT: SCRIPT\nASSETS: ASSETS\nSTORYBOARD: STORYBOARD\nANIMATIC: ANIMATIC\nVIDEO: VIDEO\nEDIT: EDIT */,
    "progress" REAL NOT NULL,
    "run" INT NOT NULL,
    "error" JSON,
    "version" BIGINT NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
, "callback_url" TEXT, "pause_reason" TEXT, "project_id" VARCHAR(128) NOT NULL DEFAULT 'default', "project_name" VARCHAR(200), "priority_rank" SMALLINT NOT NULL DEFAULT 2);
CREATE INDEX "idx_workflow_owner_d674e0" ON "workflow" ("owner", "id");
CREATE INDEX "idx_workflow_status_f5b8df" ON "workflow" ("status");
CREATE TABLE "workflow_stage" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "workflow_id" BIGINT NOT NULL,
    "stage" VARCHAR(16) NOT NULL  /* SCRIPT: SCRIPT\nASSETS: ASSETS\nSTORYBOARD: STORYBOARD\nANIMATIC: ANIMATIC\nVIDEO: VIDEO\nEDIT: EDIT */,
    "status" VARCHAR(16) NOT NULL  /* PENDING: PENDING\nRUNNING: RUNNING\nPAUSED: PAUSED\nSUCCEEDED: SUCCEEDED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "progress" REAL NOT NULL,
    "run" INT NOT NULL,
    "completions" INT NOT NULL,
    "error" JSON,
    "job_id" BIGINT,
    "started_at" TIMESTAMP,
    "finished_at" TIMESTAMP,
    CONSTRAINT "uid_workflow_st_workflo_9bb4e1" UNIQUE ("workflow_id", "stage")
);
CREATE UNIQUE INDEX uid_job_live_build ON job (artifact_kind, artifact_subject_id, artifact_slot) WHERE role = 'BUILD' AND status IN ('PENDING', 'RUNNING');
CREATE TABLE "deployment_fact" (
    "name" VARCHAR(64) NOT NULL  PRIMARY KEY,
    "value" TEXT NOT NULL
);
CREATE INDEX "idx_asset_referen_80daa7" ON "asset" ("reference_file_id");
CREATE INDEX "idx_script_source__595bdc" ON "script" ("source_file_id");
CREATE TABLE "account" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(200) NOT NULL,
    "provider" VARCHAR(64) NOT NULL,
    "type" VARCHAR(16)   /* DOMESTIC: DOMESTIC\nINTERNATIONAL: INTERNATIONAL */,
    "site" VARCHAR(4)   /* CN: CN\nUS: US\nHK: HK\nJP: JP\nSG: SG */,
    "status" VARCHAR(16) NOT NULL  /* ACTIVE: ACTIVE\nINACTIVE: INACTIVE\nBANNED: BANNED */,
    "status_reason" TEXT,
    "session_sealed" TEXT NOT NULL,
    "session_hash" VARCHAR(64) NOT NULL,
    "session_hint" VARCHAR(4) NOT NULL,
    "priority" INT NOT NULL,
    "max_concurrent" INT NOT NULL,
    "daily_image_limit" INT,
    "daily_video_limit" INT,
    "learned_image_limit" INT,
    "learned_video_limit" INT,
    "learned_at_ms" BIGINT NOT NULL,
    "image_exhausted_until_ms" BIGINT NOT NULL,
    "video_exhausted_until_ms" BIGINT NOT NULL,
    "credit_balance" INT,
    "checked_at" TIMESTAMP,
    "received_day" VARCHAR(10),
    "consecutive_failures" INT NOT NULL,
    "last_used_at" TIMESTAMP,
    "poll_lease_until_ms" BIGINT NOT NULL,
    "poll_epoch" INT NOT NULL,
    "deleted_at" TIMESTAMP,
    "version" BIGINT NOT NULL
, "check_due_at_ms" BIGINT, "credits_due_at_ms" BIGINT, "settle_due_at_ms" BIGINT NOT NULL DEFAULT 0, "settle_refusals" INT NOT NULL DEFAULT 0, "settle_refused_until_ms" BIGINT NOT NULL DEFAULT 0, "deactivated_by" VARCHAR(8)   /* OWNER: OWNER\nSERVER: SERVER */, "look_due_at_ms" BIGINT, "looks" INT);
CREATE INDEX "idx_account_owner_00e304" ON "account" ("owner", "priority", "id");
CREATE INDEX "idx_account_owner_8bc893" ON "account" ("owner", "last_used_at");
CREATE INDEX "idx_account_owner_9a5082" ON "account" ("owner", "id");
CREATE TABLE "account_cooldown" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "account_id" BIGINT NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "model" VARCHAR(64) NOT NULL,
    "until_ms" BIGINT NOT NULL,
    "step" INT NOT NULL,
    "reason" TEXT NOT NULL,
    "probe_attempt_id" BIGINT, "cause" VARCHAR(32), "cause_job_id" BIGINT, "credits_needed" INT,
    CONSTRAINT "uid_account_coo_account_10e94c" UNIQUE ("account_id", "kind", "model")
);
CREATE TABLE "account_usage" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "account_id" BIGINT NOT NULL,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "day" VARCHAR(10) NOT NULL,
    "count" INT NOT NULL,
    "credits" INT NOT NULL, "credits_unknown" INT NOT NULL DEFAULT 0,
    CONSTRAINT "uid_account_usa_account_4b38df" UNIQUE ("account_id", "kind", "day")
);
CREATE TABLE "attempt" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "job_id" BIGINT NOT NULL,
    "run" INT NOT NULL,
    "number" INT NOT NULL,
    "account_id" BIGINT,
    "provider" VARCHAR(64) NOT NULL,
    "site" VARCHAR(4)   /* CN: CN\nUS: US\nHK: HK\nJP: JP\nSG: SG */,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "model" VARCHAR(64) NOT NULL,
    "route_id" BIGINT,
    "submit_id" VARCHAR(36) NOT NULL,
    "history_id" VARCHAR(64),
    "state" VARCHAR(12) NOT NULL  /* PLACED: PLACED\nSENT: SENT\nACCEPTED: ACCEPTED\nFETCHING: FETCHING\nENDED: ENDED */,
    "outcome" VARCHAR(12) NOT NULL  /* RUNNING: RUNNING\nSUCCEEDED: SUCCEEDED\nSWITCHED: SWITCHED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "error" JSON,
    "is_manual" INT NOT NULL,
    "is_detached" INT NOT NULL,
    "is_draining" INT NOT NULL,
    "credits_expected" INT,
    "credits_spent" INT,
    "quota_day" VARCHAR(10),
    "sends" INT NOT NULL,
    "failures" INT NOT NULL,
    "polls" INT NOT NULL,
    "placed_at_ms" BIGINT NOT NULL,
    "sent_at_ms" BIGINT,
    "accepted_at_ms" BIGINT,
    "missing_since_ms" BIGINT,
    "queued_ms" BIGINT NOT NULL,
    "last_poll_at_ms" BIGINT,
    "done_at_ms" BIGINT,
    "fetch_since_ms" BIGINT,
    "released_at_ms" BIGINT,
    "finished_at" TIMESTAMP,
    "due_at_ms" BIGINT,
    "lease_epoch" INT NOT NULL,
    "upstream" JSON, "last_sent_at_ms" BIGINT, "balance_before" INT, "credits_source" VARCHAR(12)   /* CATALOGUE: CATALOGUE\nLEARNED: LEARNED\nMEASURED: MEASURED */, "price_key" VARCHAR(200), "settle_due_at_ms" BIGINT, "settle_until_ms" BIGINT,
    CONSTRAINT "uid_attempt_job_id_47aee1" UNIQUE ("job_id", "number")
);
CREATE INDEX "idx_attempt_state_452306" ON "attempt" ("state", "due_at_ms");
CREATE INDEX "idx_attempt_account_3466c8" ON "attempt" ("account_id", "released_at_ms");
CREATE INDEX "idx_attempt_account_fa50cd" ON "attempt" ("account_id", "id");
CREATE TABLE "generation_record" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "project_id" VARCHAR(128) NOT NULL,
    "project_name" VARCHAR(200),
    "work_id" VARCHAR(128) NOT NULL,
    "storyboard_id" VARCHAR(128) NOT NULL,
    "provider" VARCHAR(64) NOT NULL,
    "model" VARCHAR(64) NOT NULL,
    "prompt" TEXT NOT NULL,
    "params" JSON NOT NULL,
    "request_sha256" VARCHAR(64) NOT NULL,
    "callback_url" TEXT,
    "current_job_id" BIGINT,
    "shown_job_id" BIGINT,
    "chosen_file_id" BIGINT,
    "is_reused" INT NOT NULL,
    "version_count" INT NOT NULL,
    "deleted_at" TIMESTAMP,
    "version" BIGINT NOT NULL
, "similarity_keys" BLOB);
CREATE INDEX "idx_generation__owner_35c5ea" ON "generation_record" ("owner", "id");
CREATE INDEX "idx_generation__owner_a2e056" ON "generation_record" ("owner", "work_id", "storyboard_id");
CREATE INDEX "idx_generation__owner_b83875" ON "generation_record" ("owner", "request_sha256");
CREATE TABLE "job_input" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "job_id" BIGINT NOT NULL,
    "position" INT NOT NULL,
    "file_id" BIGINT NOT NULL,
    CONSTRAINT "uid_job_input_job_id_ca9f6d" UNIQUE ("job_id", "position")
);
CREATE INDEX "idx_job_input_file_id_bf3f2d" ON "job_input" ("file_id");
CREATE TABLE "model_timing" (
    "key" VARCHAR(160) NOT NULL  PRIMARY KEY,
    "durations_ms" JSON NOT NULL
, "held_ms" JSON);
CREATE TABLE "record_version" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "record_id" BIGINT NOT NULL,
    "number" INT NOT NULL,
    "job_id" BIGINT NOT NULL,
    "model" VARCHAR(64) NOT NULL,
    "prompt" TEXT NOT NULL,
    "params" JSON NOT NULL,
    "chosen_file_id" BIGINT,
    CONSTRAINT "uid_record_vers_record__0c233d" UNIQUE ("record_id", "number")
);
CREATE TABLE "route" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "candidates" JSON NOT NULL
);
CREATE TABLE "scheduler_lease" (
    "kind" VARCHAR(8) NOT NULL  PRIMARY KEY,
    "holder" VARCHAR(64) NOT NULL,
    "until_ms" BIGINT NOT NULL
);
CREATE TABLE "uploaded_input" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "account_id" BIGINT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "uri" TEXT NOT NULL, "duration_ms" INT, "format" VARCHAR(16), "height" INT, "width" INT,
    CONSTRAINT "uid_uploaded_in_account_1ba993" UNIQUE ("account_id", "sha256")
);
CREATE INDEX "idx_uploaded_in_created_9bee99" ON "uploaded_input" ("created_at");
CREATE INDEX "idx_job_record__1da4b5" ON "job" ("record_id", "id");
CREATE UNIQUE INDEX uid_account_session ON account (owner, provider, session_hash) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX uid_record_place ON generation_record (owner, project_id, work_id, storyboard_id, kind) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX uid_job_live_generation ON job (record_id) WHERE role = 'GENERATE' AND status IN ('PENDING', 'RUNNING');
CREATE INDEX idx_attempt_slots ON attempt (account_id, kind) WHERE released_at_ms IS NULL;
CREATE INDEX idx_attempt_route ON attempt (route_id);
CREATE TABLE "audit_entry" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "operation" VARCHAR(64) NOT NULL,
    "outcome" VARCHAR(32) NOT NULL,
    "named_ids" JSON NOT NULL,
    "made_ids" JSON NOT NULL,
    "request_id" VARCHAR(128) NOT NULL
);
CREATE INDEX "idx_audit_entry_owner_0f8933" ON "audit_entry" ("owner", "id");
CREATE INDEX "idx_audit_entry_created_817289" ON "audit_entry" ("created_at");
CREATE TABLE "alert" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(32) NOT NULL  /* POOL_EXHAUSTED: POOL_EXHAUSTED\nACCOUNT_BANNED: ACCOUNT_BANNED\nACCOUNT_SESSION_EXPIRED: ACCOUNT_SESSION_EXPIRED\nCREDIT_LOW: CREDIT_LOW\nFAILURE_RATE_HIGH: FAILURE_RATE_HIGH\nBATCH_STALLED: BATCH_STALLED\nCALLBACK_FAILED: CALLBACK_FAILED\nSTORAGE_LOW: STORAGE_LOW */,
    "severity" VARCHAR(12) NOT NULL  /* INFO: INFO\nWARNING: WARNING\nCRITICAL: CRITICAL */,
    "message" TEXT NOT NULL,
    "cause" VARCHAR(160) NOT NULL,
    "account_id" BIGINT,
    "batch_id" BIGINT,
    "workflow_id" BIGINT,
    "resolved_at" TIMESTAMP,
    "version" BIGINT NOT NULL
, "job_id" BIGINT);
CREATE INDEX "idx_alert_owner_8fcaf6" ON "alert" ("owner", "id");
CREATE INDEX "idx_alert_owner_d998f8" ON "alert" ("owner", "resolved_at");
CREATE INDEX "idx_alert_resolve_7679d7" ON "alert" ("resolved_at");
CREATE TABLE "batch" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "type" VARCHAR(16) NOT NULL  /* IMAGE_GENERATE: IMAGE_GENERATE\nIMAGE_COMPOSE: IMAGE_COMPOSE\nVIDEO_GENERATE: VIDEO_GENERATE\nVIDEO_COMPOSE: VIDEO_COMPOSE */,
    "status" VARCHAR(20) NOT NULL  /* PENDING: PENDING\nRUNNING: RUNNING\nPAUSED: PAUSED\nSUCCEEDED: SUCCEEDED\nPARTIALLY_FAILED: PARTIALLY_FAILED\nFAILED: FAILED\nCANCELED: CANCELED */,
    "project_id" VARCHAR(128) NOT NULL,
    "project_name" VARCHAR(200),
    "work_id" VARCHAR(128) NOT NULL,
    "priority_rank" SMALLINT NOT NULL,
    "strategy" JSON NOT NULL,
    "total_count" INT NOT NULL,
    "queue_count" INT NOT NULL,
    "estimated_seconds" REAL,
    "estimated_credits" INT,
    "skipped_storyboard_ids" JSON NOT NULL,
    "warnings" JSON NOT NULL,
    "credit_budget" INT,
    "max_parallel" INT,
    "callback_url" TEXT,
    "pause_reason" TEXT,
    "cancel_reason" TEXT,
    "runs" INT NOT NULL,
    "started_at" TIMESTAMP,
    "finished_at" TIMESTAMP,
    "deleted_at" TIMESTAMP,
    "version" BIGINT NOT NULL
, "known_credits" INT NOT NULL DEFAULT 0, "unknown_price_count" INT NOT NULL DEFAULT 0);
CREATE INDEX "idx_batch_owner_d367c6" ON "batch" ("owner", "id");
CREATE INDEX "idx_batch_status_13db49" ON "batch" ("status");
CREATE TABLE "callback_delivery" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "event" VARCHAR(32) NOT NULL,
    "url" TEXT NOT NULL,
    "receiver" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(16) NOT NULL,
    "subject_id" BIGINT NOT NULL,
    "body" JSON NOT NULL,
    "status" VARCHAR(12) NOT NULL  /* PENDING: PENDING\nDELIVERED: DELIVERED\nFAILED: FAILED */,
    "tries" INT NOT NULL,
    "round_tries" INT NOT NULL,
    "due_at_ms" BIGINT,
    "lease_epoch" INT NOT NULL,
    "delivered_at" TIMESTAMP,
    "version" BIGINT NOT NULL
);
CREATE INDEX "idx_callback_de_status_e7b4df" ON "callback_delivery" ("status", "due_at_ms");
CREATE INDEX "idx_callback_de_subject_4b461d" ON "callback_delivery" ("subject", "subject_id");
CREATE INDEX "idx_callback_de_owner_8d130a" ON "callback_delivery" ("owner", "id");
CREATE TABLE "callback_try" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "delivery_id" BIGINT NOT NULL,
    "number" INT NOT NULL,
    "status_code" INT,
    "error" TEXT,
    CONSTRAINT "uid_callback_tr_deliver_9828a4" UNIQUE ("delivery_id", "number")
);
CREATE TABLE "statistics_cell" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "grain" VARCHAR(12) NOT NULL,
    "project_id" VARCHAR(128) NOT NULL,
    "work_id" VARCHAR(128) NOT NULL,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "day" VARCHAR(10) NOT NULL,
    "deltas" BIGINT NOT NULL,
    "succeeded" INT NOT NULL,
    "failed" INT NOT NULL,
    "canceled" INT NOT NULL,
    "switches" INT NOT NULL,
    "credits" BIGINT NOT NULL,
    "generation_ms" BIGINT NOT NULL,
    "times" JSON NOT NULL,
    "errors" JSON NOT NULL, "credits_unknown" INT NOT NULL DEFAULT 0,
    CONSTRAINT "uid_statistics__owner_557967" UNIQUE ("owner", "grain", "project_id", "work_id", "day", "kind")
);
CREATE INDEX "idx_statistics__owner_6b9d3c" ON "statistics_cell" ("owner", "grain", "project_id", "day");
CREATE TABLE "statistics_delta" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "job_id" BIGINT NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "project_id" VARCHAR(128) NOT NULL,
    "work_id" VARCHAR(128) NOT NULL,
    "kind" VARCHAR(8) NOT NULL  /* IMAGE: IMAGE\nVIDEO: VIDEO */,
    "day" VARCHAR(10) NOT NULL,
    "succeeded" SMALLINT NOT NULL,
    "failed" SMALLINT NOT NULL,
    "canceled" SMALLINT NOT NULL,
    "error_code" VARCHAR(32),
    "switches" INT NOT NULL,
    "generation_ms" BIGINT,
    "bucket" SMALLINT,
    "credits" INT NOT NULL,
    "is_rolled" INT NOT NULL
, "credits_unknown" INT NOT NULL DEFAULT 0);
CREATE INDEX "idx_statistics__job_id_a79001" ON "statistics_delta" ("job_id");
CREATE TABLE "webhook_secret" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "sealed" TEXT NOT NULL,
    "retires_at" TIMESTAMP
);
CREATE INDEX "idx_webhook_sec_owner_7e1cc2" ON "webhook_secret" ("owner", "id");
CREATE INDEX "idx_job_batch_i_fef230" ON "job" ("batch_id", "status");
CREATE INDEX "idx_attempt_route_i_42f27b" ON "attempt" ("route_id");
CREATE TABLE "similarity_key" ("key" BIGINT NOT NULL, "record_id" BIGINT NOT NULL, PRIMARY KEY ("key", "record_id")) WITHOUT ROWID;
CREATE INDEX idx_record_without_keys ON generation_record (id) WHERE similarity_keys IS NULL AND shown_job_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX uid_alert_open ON alert (owner, kind, cause) WHERE resolved_at IS NULL;
CREATE UNIQUE INDEX uid_webhook_secret_present ON webhook_secret (owner) WHERE retires_at IS NULL;
CREATE INDEX idx_job_failed ON job (finished_at, queue) WHERE status = 'FAILED';
CREATE INDEX idx_statistics_delta_new ON statistics_delta (owner) WHERE NOT is_rolled;
CREATE INDEX idx_job_live_generations ON job (owner, status, record_id) WHERE role = 'GENERATE' AND status IN ('PENDING', 'RUNNING');
CREATE INDEX idx_job_ended_generations ON job (finished_at, owner, type, status) WHERE role = 'GENERATE' AND status IN ('SUCCEEDED', 'FAILED');
CREATE INDEX idx_account_deleted ON account (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_batch_deleted ON batch (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_record_deleted ON generation_record (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_job_waiting ON job (queue, owner, priority_rank, demand_key, batch_id, workflow_id, id) WHERE status = 'PENDING';
CREATE INDEX idx_job_going ON job (queue, owner) WHERE status = 'RUNNING';
CREATE INDEX idx_delivery_due ON callback_delivery (owner, due_at_ms, id, receiver) WHERE due_at_ms IS NOT NULL;
CREATE INDEX "idx_workflow_owner_d731d0" ON "workflow" ("owner", "updated_at", "id");
CREATE INDEX "idx_generation__owner_db16ad" ON "generation_record" ("owner", "updated_at", "id");
CREATE INDEX "idx_generation__owner_84b205" ON "generation_record" ("owner", "storyboard_id", "id");
CREATE INDEX "idx_generation__owner_1a2c42" ON "generation_record" ("owner", "project_id", "work_id", "kind", "deleted_at", "id");
CREATE INDEX idx_job_owner_finished ON job (owner, COALESCE(finished_at, '9999-12-31 00:00:00+00:00'), id);
CREATE TABLE "revocation" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "token_id" VARCHAR(255) NOT NULL,
    "issued_before" TIMESTAMP,
    CONSTRAINT "uid_revocation_subject_57247f" UNIQUE ("subject", "token_id")
);
CREATE INDEX "idx_callback_de_owner_822dee" ON "callback_delivery" ("owner", "receiver", "status");
CREATE INDEX "idx_stored_file_owner_66b941" ON "stored_file" ("owner", "bytes");
CREATE TABLE "credit_price" (
    "key" VARCHAR(200) NOT NULL  PRIMARY KEY,
    "charges" JSON NOT NULL
);
CREATE INDEX "idx_attempt_settle__7aab11" ON "attempt" ("settle_due_at_ms");
CREATE TABLE "account_fault" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "account_id" BIGINT NOT NULL,
    "fault" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "model" VARCHAR(64) NOT NULL,
    "at_ms" BIGINT NOT NULL,
    "job_id" BIGINT,
    CONSTRAINT "uid_account_fau_account_fdb550" UNIQUE ("account_id", "fault", "kind", "model")
);
CREATE TABLE "site_trouble" (
    "id" BIGINT NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "owner" VARCHAR(255) NOT NULL,
    "provider" VARCHAR(64) NOT NULL,
    "site" VARCHAR(4) NOT NULL,
    "fault" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "model" VARCHAR(64) NOT NULL,
    "since_ms" BIGINT NOT NULL,
    "until_ms" BIGINT NOT NULL,
    "step" INT NOT NULL,
    "reason" TEXT NOT NULL,
    "probe_attempt_id" BIGINT,
    CONSTRAINT "uid_site_troubl_owner_9351fe" UNIQUE ("owner", "provider", "site", "kind", "model")
);
CREATE INDEX "idx_job_owner_522bba" ON "job" ("owner", "priority_rank", "id");
CREATE INDEX idx_account_look ON account (look_due_at_ms) WHERE look_due_at_ms IS NOT NULL;
CREATE INDEX "idx_attempt_owner_d393e2" ON "attempt" ("owner", "id");
CREATE INDEX "idx_job_owner_67f460" ON "job" ("owner", "status", "front_order", "id");
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0001_initial', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0002_live_builds', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0003_deployment_facts', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0004_pool', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0005_batches', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0006_credits_due', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0007_lists', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0008_owners', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0009_submits', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0010_prices', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0011_account_recovery', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0012_item_order', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0013_priorities', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ekonte', '0014_references', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
COMMIT;
