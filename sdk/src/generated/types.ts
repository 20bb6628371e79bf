// Generated from contracts/openapi.json by `npm run generate`. Do not edit.

export interface components {
    schemas: {
        /**
         * @description The end of an account, confirmed by its password
         * @example {
         *       "password": "SecurePassword123!"
         *     }
         */
        AccountDeletion: {
            /** @description The password of your account, once more */
            password: string;
        };
        /**
         * @description The code that was mailed to an address
         * @example {
         *       "code": "mt_o3vD1kq0l2c9S6yBq1xJv8b5n4W7eR2tYzUaHgFdKiM"
         *     }
         */
        AddressVerification: {
            /** @description Good for 24 hours and one use */
            code: string;
        };
        /** @description The process is alive */
        Alive: {
            /** @constant */
            status: "ok";
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /** @description An API key, without its secret */
        ApiKey: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description What people call it */
            name: string;
            /** @description The first characters of the key, to tell keys apart */
            key_prefix: string;
            /** @description What the key may do */
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            /** @description When it was last used; null: never */
            last_used: string | null;
            /** @description When it stops working; null: never */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
        };
        /** @description A channel of the relay */
        Channel: {
            /** @description Its id */
            id: string;
            /** @description What people call it */
            name: string | null;
            /** @description What it is for */
            description: string | null;
            /**
             * @description public: open to anyone; encrypted: of a public key; private: of one owner; temporary: ends by itself
             * @enum {string}
             */
            type: "public" | "encrypted" | "private" | "temporary";
            /** @description The owner of the key with which it was made */
            creator: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /** @description When it ends; null: never */
            expiresAt: string | null;
            /** @description Whether it is in use */
            isActive: boolean;
            /** @description An object of your own, kept as it is */
            metadata: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What a clean-up of channels did */
        ChannelCleanup: {
            /** @description Which clean-up ran */
            task: string;
            /** @description How many channels have ended */
            persistentChannelsMarkedInactive: number;
            /** @description How many temporary channels are gone */
            temporaryChannelsDeleted: number;
            /** @description Sentences about what did not go well; empty: all went well */
            errors: string[];
            /** @description How long it took */
            duration: string;
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /** @description What one clean-up did */
        CleanupOutcome: {
            /** @description How many rows are gone */
            deleted: number;
            /** @description Sentences about what did not go well; empty: all went well */
            errors: string[];
        };
        /** @description A backup of a configuration, without its content */
        ConfigBackup: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            /** @description What the backup is called */
            config_name: string;
            /** @description Bytes of the data as JSON; they count against your storage */
            size: number;
            /** @description Made by the device itself */
            is_auto: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
        };
        /** @description A backup of a configuration, with its content */
        ConfigBackupWithData: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            /** @description What the backup is called */
            config_name: string;
            /** @description Bytes of the data as JSON; they count against your storage */
            size: number;
            /** @description Made by the device itself */
            is_auto: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /** @description The configuration, a JSON object */
            config_data: {
                [key: string]: unknown;
            };
        };
        /** @description The settings of the device have changed */
        ConfigUpdatedFrame: {
            /** @constant */
            type: "config.updated";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The device
                 */
                device_id: string;
                /** @description Goes up with each change of the settings */
                config_version: number;
            };
        };
        /**
         * @description The second phase of a revocation
         * @example {
         *       "confirmationCode": "P4sTq…"
         *     }
         */
        Confirmation: {
            /** @description Confirms the revocation */
            confirmationCode?: string;
        } | null;
        /** @description The subscription stands */
        ConnectedEvent: {
            /** @constant */
            event: "connected";
            /**
             * @description The last id of a reconnect
             * @example event-42
             */
            id?: string;
            /**
             * @description Milliseconds to wait before a reconnect
             * @example 15000
             */
            retry: number;
            /** @description What was asked for */
            data: {
                /** @description The id of the channel */
                channel: string;
                /** @constant */
                type: "channel";
                /** @description Milliseconds since 1970 */
                timestamp: number;
                /** @constant */
                message: "Connected";
                /**
                 * @description Messages after the last id are gone already
                 * @constant
                 */
                gap?: true;
            };
        };
        /** @description The new API key with its secret, which is shown only now */
        CreatedApiKey: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description What people call it */
            name: string;
            /** @description The first characters of the key, to tell keys apart */
            key_prefix: string;
            /** @description What the key may do */
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            /** @description When it was last used; null: never */
            last_used: string | null;
            /** @description When it ends; null: never */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /** @description The key itself, shown only now */
            key: string;
        };
        /** @description The new relay key with its secret, which is shown only now */
        CreatedRelayKey: {
            /** @description The key itself, shown only now */
            key: string;
            info: components["schemas"]["RelayKey"];
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The first characters of the key, to tell keys apart */
            keyPrefix: string;
            /** @description The owner: an account, or the text given with X-Admin-Key */
            userId: string | null;
            /** @description What people call it */
            name: string;
            /** @description What the key may do */
            permissions: ("read" | "write" | "revoke" | "admin")[];
            /** @description Whether it is in use */
            isActive: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /** @description When it ends; null: never */
            expiresAt: string | null;
            /** @description When it was last used; null: never */
            lastUsedAt: string | null;
        };
        /** @description A machine with a daemon */
        Device: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description What its owner calls it */
            device_name: string;
            /** @description The machine's own id, as it was sent in X-Device-ID; null until the key of a device that was made ahead of time is first sent with one */
            machine_id: string | null;
            /** @description The operating system: darwin, linux, windows, termux, … */
            os_type: string | null;
            /** @description Version of the operating system */
            os_version: string | null;
            /** @description The processor, such as arm64 or x64 */
            arch: string | null;
            /** @description Version of the daemon */
            ccjk_version: string | null;
            /**
             * @description Its status: what its daemon last said, or offline
             * @enum {string}
             */
            daemon_status: "online" | "offline" | "busy" | "error" | "maintenance";
            /**
             * @description How it is known to be there: by an open WebSocket, or by its heartbeats
             * @enum {string}
             */
            presence: "socket" | "heartbeat" | "offline";
            /** @description When the last heartbeat came; null: none yet */
            last_heartbeat: string | null;
            /** @description When it last fetched its settings; null: never */
            last_sync: string | null;
            /** @description The IP address from which it was last heard of; null: none yet */
            ip_address: string | null;
            /** @description Where it stands, if known */
            location: string | null;
            /** @description An object of your own, kept as it is */
            metadata: {
                [key: string]: unknown;
            } | null;
            /** @description As the last heartbeat that had one reported it */
            system_info: {
                [key: string]: unknown;
            } | null;
            /** @description Tasks that it holds: assigned or running */
            current_tasks: number;
            config: components["schemas"]["DeviceConfig"];
            /** @description Goes up with each change of the settings */
            config_version: number;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updated_at: string;
        };
        /** @description The settings of a device */
        DeviceConfig: {
            /** @description Seconds between heartbeats */
            heartbeat_interval: number;
            /** @description Seconds between looks for new tasks */
            task_check_interval: number;
            /** @description Whether its daemon sends its log */
            log_upload_enabled: boolean;
            /** @description How many tasks it runs at a time, 1 to 100; the plan may allow fewer */
            max_concurrent_tasks: number;
        };
        /**
         * @description The settings that are to change
         * @example {
         *       "heartbeat_interval": 60,
         *       "max_concurrent_tasks": 5
         *     }
         */
        DeviceConfigChange: {
            /** @description Seconds between heartbeats */
            heartbeat_interval?: number;
            /** @description Seconds between looks for new tasks */
            task_check_interval?: number;
            /** @description Whether its daemon sends its log */
            log_upload_enabled?: boolean;
            /** @description How many tasks it runs at a time, 1 to 100; the plan may allow fewer */
            max_concurrent_tasks?: number;
        };
        /** @description A device that was made ahead of time, with its key, which is shown only now */
        DeviceKey: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @description What its owner calls it */
            device_name: string;
            /** @description The key of the device (dk_…), shown only now */
            device_key: string;
        };
        /** @description A device has fallen silent */
        DeviceOfflineFrame: {
            /** @constant */
            type: "device.offline";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The device
                 */
                device_id: string;
                /**
                 * Format: date-time
                 * @description When it happened
                 */
                timestamp: string;
            };
        };
        /** @description A device is there */
        DeviceOnlineFrame: {
            /** @constant */
            type: "device.online";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The device
                 */
                device_id: string;
                /**
                 * Format: date-time
                 * @description When it happened
                 */
                timestamp: string;
            };
        };
        /** @description The tasks of one device in a period */
        DeviceStats: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @description Tasks that ended well in the period */
            tasks_completed: number;
            /** @description Those that ran out of time too */
            tasks_failed: number;
            /** @description Tasks that were cancelled in the period */
            tasks_cancelled: number;
            /** @description Seconds, from start to end of each task */
            total_execution_time: number;
            /** @description Each UTC day of the period, the oldest first, with the tasks that finished on it */
            daily_breakdown: {
                /**
                 * Format: date
                 * @description The UTC day
                 */
                date: string;
                /** @description How many */
                count: number;
            }[];
        };
        /** @description A device has another status */
        DeviceUpdatedFrame: {
            /** @constant */
            type: "device.updated";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The device
                 */
                device_id: string;
                /**
                 * @description Its new status; deleted when it is gone
                 * @enum {string}
                 */
                status: "online" | "offline" | "busy" | "error" | "maintenance" | "deleted";
                /**
                 * Format: date-time
                 * @description When it happened
                 */
                timestamp: string;
            };
        };
        /** @description Mail settings of a device, without their password */
        EmailConfig: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @description The address whose mails are commands for the device */
            email_address: string;
            /** @description You have shown that you read the mail of this address */
            is_verified: boolean;
            /** @description The name to sign in with; null: the address */
            username: string | null;
            /** @description It is kept sealed and never shown */
            has_password: boolean;
            /** @description The host of its mailbox */
            imap_host: string | null;
            /** @description The port of its mailbox */
            imap_port: number | null;
            /** @description Whether TLS is demanded */
            imap_secure: boolean;
            /** @description The host that sends for it */
            smtp_host: string | null;
            /** @description The port of the host that sends for it */
            smtp_port: number | null;
            /** @description Whether TLS is demanded */
            smtp_secure: boolean;
            /** @description Whether it is in use */
            is_active: boolean;
            /** @description When the mailbox was last read */
            last_check: string | null;
            /** @description Why the mailbox could not be read, or the last mail in it became no task, and since when */
            last_error: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updated_at: string;
        };
        /**
         * @description The token from the mail
         * @example {
         *       "token": "mt_8Qk…"
         *     }
         */
        EmailVerification: {
            /** @description The token from the mail */
            token: string;
        };
        /** @description A command that was refused */
        ErrorFrame: {
            /** @constant */
            type: "error";
            /** @description As error.code of an answer over HTTP */
            code: string;
            /** @description A sentence for people */
            message: string;
            /** @description Of the command that failed */
            channel?: string;
        };
        /** @description The envelope of an answer that failed. Decide by error.code; error.message is for people. */
        Failure: {
            /** @constant */
            success: false;
            /** @description What was asked for */
            data: null;
            /** @description What went wrong; null when nothing did */
            error: {
                /**
                 * @description One of the codes of this operation: programs decide by it
                 * @enum {string}
                 */
                code: "VALIDATION_ERROR" | "INVALID_JSON" | "INVALID_CHANNEL_FORMAT" | "CONFIRMATION_WRONG" | "AUTH_REQUIRED" | "AUTH_FAILED" | "TOKEN_EXPIRED" | "UNAUTHORIZED" | "WRONG_CREDENTIAL" | "INSUFFICIENT_SCOPE" | "DEVICE_MISMATCH" | "WRONG_PASSWORD" | "ORIGIN_NOT_ALLOWED" | "PLAN_LIMIT_REACHED" | "NOT_FOUND" | "CHANNEL_NOT_FOUND" | "ROUTE_NOT_FOUND" | "USER_NOT_FOUND" | "SESSION_NOT_FOUND" | "API_KEY_NOT_FOUND" | "DEVICE_NOT_FOUND" | "MESSAGE_NOT_FOUND" | "TASK_NOT_FOUND" | "EMAIL_CONFIG_NOT_FOUND" | "BACKUP_NOT_FOUND" | "LOG_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "EMAIL_TAKEN" | "TASK_FINISHED" | "TASK_NOT_FINISHED" | "TASK_CANCELLED" | "LEASE_LOST" | "RESULT_CONFLICT" | "OUTPUT_GAP" | "CHANNEL_EXISTS" | "DUPLICATE_KEY" | "SECRET_ALREADY_SHOWN" | "KEY_EXPIRED" | "KEY_TOO_LARGE" | "METADATA_TOO_LARGE" | "MESSAGE_TOO_LARGE" | "PAYLOAD_TOO_LARGE" | "STORAGE_QUOTA_EXCEEDED" | "UNSUPPORTED_MEDIA_TYPE" | "RANGE_NOT_SATISFIABLE" | "IDEMPOTENCY_KEY_REUSED" | "RATE_LIMIT_EXCEEDED" | "CONFIRMATION_LOCKED" | "INTERNAL_ERROR" | "MAIL_REJECTED" | "SERVICE_UNAVAILABLE";
                /** @description One sentence that says what to do */
                message: string;
                /** @description VALIDATION_ERROR: a list of {path, message, code}; limits: {limit, plan} */
                details?: unknown;
            };
            meta: components["schemas"]["Meta"];
        };
        /**
         * @description The address of the account
         * @example {
         *       "email": "user@example.com"
         *     }
         */
        ForgottenPassword: {
            /**
             * Format: email
             * @description An email address; upper and lower case are the same
             */
            email: string;
        };
        /** @description A task with the lease of one attempt */
        HandedTask: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /**
             * @description bash: a shell command; workflow and custom: what a handler of the daemon runs
             * @enum {string}
             */
            type: "bash" | "workflow" | "custom";
            /** @description The command, as a shell takes it */
            command: string;
            /** @description As the caller sent them, with timeout in milliseconds */
            args: {
                [key: string]: unknown;
            };
            /** @description 1 to 10; 10 is the most urgent */
            priority: number;
            /** @description How often it may be run again */
            max_retries: number;
            /** @description Milliseconds */
            timeout: number;
            /** @description Seconds between SIGTERM and SIGKILL when it is stopped */
            grace_seconds: number;
            /** @description Which attempt, from 1; 0: none yet */
            attempt: number;
            /**
             * Format: uuid
             * @description Send it with start, heartbeat and result: it proves that this attempt is yours
             */
            lease_id: string;
            /**
             * Format: date-time
             * @description Until when the lease holds; heartbeats renew it
             */
            lease_expires_at: string;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /** @description Of the request that created it: write it in your log */
            request_id: string | null;
            /** @description Of the span that created it (W3C Trace Context): the parent of yours */
            traceparent: string | null;
        };
        /** @description Tasks that this machine is to run */
        HandedTasks: {
            /** @description The tasks */
            tasks: components["schemas"]["HandedTask"][];
            /** @description How many tasks it hands out */
            count: number;
        };
        /**
         * @description How the machine is, and what it runs
         * @example {
         *       "status": "online",
         *       "current_tasks": [],
         *       "system_info": {
         *         "cpu_usage": 25.5,
         *         "memory_usage": 45.2,
         *         "disk_usage": 60
         *       }
         *     }
         */
        Heartbeat: {
            /**
             * @description What the machine is at
             * @default online
             * @enum {string}
             */
            status?: "online" | "offline" | "busy" | "error" | "maintenance";
            /**
             * @description Ids, or {task_id, lease_id}
             * @default []
             */
            current_tasks?: (string | {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /**
                 * Format: uuid
                 * @description The lease of the attempt, from the claim
                 */
                lease_id?: string;
                /** @description Percent, 0 to 100 */
                progress?: number;
            })[];
            /** @description Load, memory and disk as the daemon measures them, such as cpu_usage in percent */
            system_info?: {
                [key: string]: unknown;
            };
        };
        /** @description What the machine is to do next */
        HeartbeatAnswer: {
            /**
             * Format: date-time
             * @description The time by the clock of the service
             */
            server_time: string;
            /** @description Seconds until the next heartbeat is expected */
            next_heartbeat_seconds: number;
            /** @description Tasks to stop: their owner has cancelled them */
            cancel_tasks: {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /** @description Seconds between SIGTERM and SIGKILL when it is stopped */
                grace_seconds: number;
            }[];
            /** @description Named tasks that are no longer yours: stop them */
            lost_tasks: string[];
            /** @description Goes up with each change of the settings */
            config_version: number;
            /** @description Whether tasks wait to be claimed */
            tasks_available: boolean;
        };
        /** @description One fault of a request that failed validation */
        Issue: {
            /** @description Where in the request: body, query, path or header, then the field */
            path: (string | number)[];
            /** @description What is wrong with the field */
            message: string;
            /** @description The kind of fault, such as too_small or invalid_format */
            code: string;
        };
        /** @description What a clean-up of keys did */
        KeyCleanup: {
            /** @description Which clean-up ran */
            task: string;
            /** @description What each clean-up did */
            results: {
                expiredKeys: components["schemas"]["CleanupOutcome"];
                auditLogs: components["schemas"]["CleanupOutcome"];
                orphanedKeys: components["schemas"]["CleanupOutcome"];
                oldMessages: components["schemas"]["CleanupOutcome"];
            };
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /** @description A log file, without its text */
        Log: {
            /**
             * Format: uuid
             * @description The log
             */
            log_id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            /** @description What the log is of, such as daemon */
            type: string;
            /**
             * Format: date
             * @description The UTC day
             */
            date: string;
            /** @description Bytes of the file; they count against your storage */
            size: number;
            /** @description Bytes of its text, inflated */
            text_size: number;
            /** @description Whether the file is gzip */
            compressed: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
        };
        /**
         * @description Address and password of an account
         * @example {
         *       "email": "user@example.com",
         *       "password": "SecurePassword123!"
         *     }
         */
        Login: {
            /**
             * Format: email
             * @description An email address; upper and lower case are the same
             */
            email: string;
            /** @description The password of the account */
            password: string;
        };
        /**
         * @description What a log file is about
         * @example {
         *       "type": "daemon",
         *       "date": "2026-01-20",
         *       "compressed": true
         *     }
         */
        LogMetadata: {
            /** @description What the log is of */
            type: string;
            /**
             * Format: date
             * @description The day that it is about
             */
            date: string;
            /** @description Whether the file is gzip; refused when it disagrees with the file */
            compressed?: boolean;
        };
        /** @description A log file with its metadata, as a form */
        LogUpload: {
            /** @description At most 50 MiB, as text or gzip */
            log_file: Blob;
            metadata: components["schemas"]["LogMetadata"];
        };
        /** @description A part of the text of a log */
        LogView: {
            /**
             * Format: uuid
             * @description The log
             */
            log_id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            /** @description What the log is of, such as daemon */
            type: string;
            /**
             * Format: date
             * @description The UTC day
             */
            date: string;
            /** @description Bytes of the file; they count against your storage */
            size: number;
            /** @description Bytes of its text, inflated */
            text_size: number;
            /** @description Whether the file is gzip */
            compressed: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /** @description Where in the text this part begins, in bytes */
            from: number;
            /** @description This part of its text */
            text: string;
            /** @description Where the next part begins; null at the end */
            next_from: number | null;
        };
        /** @description How the test mail was taken */
        MailTest: {
            /** @constant */
            sent: true;
            /** @description The address to which it went */
            to: string;
            /**
             * @description Through the device's own server, or the service's
             * @enum {string}
             */
            via: "device" | "service";
            /** @description The words of the mail server */
            reply: string;
        };
        /**
         * @description Whose mail settings are to be tried
         * @example {
         *       "device_id": "6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11"
         *     }
         */
        MailTestOrder: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
        };
        /** @description What the service tells a user */
        Message: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The task of which it tells */
            task_id: string | null;
            /**
             * @description What happened, such as task_completed or device_offline
             * @enum {string}
             */
            message_type: "task_created" | "task_completed" | "task_failed" | "device_online" | "device_offline";
            /** @description What happened, in a line */
            title: string;
            /** @description More about it; null: nothing more */
            content: string | null;
            /** @description What a program needs of it, such as ids and the exit code */
            data: {
                [key: string]: unknown;
            } | null;
            /** @description Whether it was read */
            read: boolean;
            /** @description Whether it was mailed */
            sent_via_email: boolean;
            /** @description Whether it was pushed */
            sent_via_push: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
        };
        /** @description A message of the channel */
        MessageEvent: {
            /** @constant */
            event: "message";
            /**
             * @description The last id of a reconnect
             * @example event-42
             */
            id: string;
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description Its id
                 */
                id: string;
                /** @description The id of the channel */
                channel: string;
                /** @description The text, sealed when encrypted is true */
                message: string;
                /** @description Who says so: a name that nobody checks */
                sender: string | null;
                /**
                 * @description How urgent it is
                 * @enum {string}
                 */
                priority: "critical" | "high" | "normal" | "low" | "bulk";
                /** @description Whether it is sealed for the public key of the channel */
                encrypted: boolean;
                /** @description Milliseconds since 1970 */
                timestamp: number;
            };
        };
        /** @description A new message to the user */
        MessageNewFrame: {
            /** @constant */
            type: "message.new";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The message
                 */
                message_id: string;
                /** @description What happened, in a line */
                title: string;
                /** @description More about it; null: nothing more */
                content: string | null;
            };
        };
        /** @description About the answer itself */
        Meta: {
            /** @description The X-Request-Id of the request, or one made for it; it is in our log */
            request_id: string;
            /**
             * Format: date-time
             * @description When the service answered
             */
            timestamp: string;
        };
        /**
         * @description An account that is to be
         * @example {
         *       "email": "user@example.com",
         *       "password": "SecurePassword123!",
         *       "display_name": "John Doe"
         *     }
         */
        NewAccount: {
            /**
             * Format: email
             * @description An email address; upper and lower case are the same
             */
            email: string;
            /** @description 8 to 256 characters */
            password: string;
            /** @description The name that is shown; null: none */
            display_name?: string;
        };
        /**
         * @description An API key that is to be
         * @example {
         *       "name": "CI",
         *       "scopes": [
         *         "task:create",
         *         "task:read"
         *       ]
         *     }
         */
        NewApiKey: {
            /** @description What people call it */
            name: string;
            /** @description What the key may do */
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            /**
             * Format: date-time
             * @description In the future; left out: it does not expire
             */
            expires_at?: string;
        };
        /**
         * @description A backup that a daemon makes by itself
         * @example {
         *       "config_name": "claude-code-config",
         *       "config_data": {}
         *     }
         */
        NewAutoBackup: {
            /** @description What the backup is called */
            config_name: string;
            /** @description Any JSON object; kept whole */
            config_data: {
                [key: string]: unknown;
            };
        };
        /**
         * @description Several tasks, made together
         * @example {
         *       "tasks": [
         *         {
         *           "device_id": "6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11",
         *           "command": "npm test"
         *         },
         *         {
         *           "device_id": "6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11",
         *           "command": "npm run lint"
         *         }
         *       ],
         *       "mode": "sequential"
         *     }
         */
        NewBatch: {
            /** @description The tasks */
            tasks: components["schemas"]["NewTask"][];
            /**
             * @description parallel: all at once; sequential: each after the one before it completed
             * @default parallel
             * @enum {string}
             */
            mode?: "parallel" | "sequential";
        };
        /**
         * @description A channel that is to be
         * @example {
         *       "id": "my-channel",
         *       "name": "My channel",
         *       "type": "public",
         *       "expiresIn": 86400
         *     }
         */
        NewChannel: {
            /**
             * @description Left out: one is made
             * @example my-channel
             */
            id?: string;
            /** @description What people call it */
            name?: string | null;
            /** @description What it is for */
            description?: string | null;
            /**
             * @description private: for you alone; temporary: ends by itself
             * @default public
             * @enum {string}
             */
            type?: "public" | "encrypted" | "private" | "temporary";
            /** @description Seconds, at most 30 days; left out: it does not expire */
            expiresIn?: number | null;
            /** @description At most 2048 bytes as JSON */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * @description A backup that is to be
         * @example {
         *       "device_id": "6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11",
         *       "config_name": "claude-code-config",
         *       "config_data": {
         *         "theme": "dark"
         *       }
         *     }
         */
        NewConfigBackup: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @description What the backup is called */
            config_name: string;
            /** @description Any JSON object; kept whole */
            config_data: {
                [key: string]: unknown;
            };
        };
        /**
         * @description What a machine says of itself
         * @example {
         *       "device_name": "MacBook Pro",
         *       "os_type": "darwin",
         *       "os_version": "23.1.0",
         *       "arch": "arm64",
         *       "ccjk_version": "3.7.0"
         *     }
         */
        NewDevice: {
            /** @description What its owner calls it */
            device_name: string;
            /** @description darwin, linux, windows, termux */
            os_type?: string;
            /** @description Version of the operating system */
            os_version?: string;
            /** @description The processor, such as arm64 or x64 */
            arch?: string;
            /** @description Version of the daemon */
            ccjk_version?: string;
            /** @description An object of your own, kept as it is */
            metadata?: {
                [key: string]: unknown;
            };
        };
        /**
         * @description A device that is made ahead of time
         * @example {
         *       "device_name": "Build server"
         *     }
         */
        NewDeviceKey: {
            /** @description What its owner calls it */
            device_name: string;
        };
        /**
         * @description Mail settings that are to be
         * @example {
         *       "device_id": "6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11",
         *       "email_address": "user@gmail.com",
         *       "imap_host": "imap.gmail.com",
         *       "imap_port": 993,
         *       "smtp_host": "smtp.gmail.com",
         *       "smtp_port": 587
         *     }
         */
        NewEmailConfig: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /**
             * Format: email
             * @description Commands from this address run on the device
             */
            email_address: string;
            /**
             * @description By default the address
             * @default null
             */
            username?: string | null;
            /**
             * @description Of the mail account; sealed, never shown. Without it no mailbox is read, and nobody logs in to send
             * @default null
             */
            password?: string | null;
            /**
             * @description The host of its mailbox
             * @default null
             */
            imap_host?: string | null;
            /**
             * @description By default 993
             * @default null
             */
            imap_port?: (25 | 143 | 465 | 587 | 993 | 2525) | null;
            /**
             * @description TLS is demanded: from the first byte on 465 and 993, by STARTTLS elsewhere
             * @default true
             */
            imap_secure?: boolean;
            /**
             * @description The host that sends for it
             * @default null
             */
            smtp_host?: string | null;
            /**
             * @description By default 587
             * @default null
             */
            smtp_port?: (25 | 143 | 465 | 587 | 993 | 2525) | null;
            /**
             * @description TLS is demanded: from the first byte on 465 and 993, by STARTTLS elsewhere. A password goes over TLS whatever this says
             * @default true
             */
            smtp_secure?: boolean;
            /**
             * @description false: no commands are taken from the address
             * @default true
             */
            is_active?: boolean;
        };
        /**
         * @description A message for a channel
         * @example {
         *       "channel": "my-channel",
         *       "message": "Hello, World!",
         *       "priority": "normal",
         *       "sender": "Server"
         *     }
         */
        NewMessage: {
            /**
             * @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and -
             * @example my-channel
             */
            channel: string;
            /** @description At most 4,718,592 bytes of UTF-8 */
            message: string;
            /**
             * @description The most urgent come first where a subscriber asks for that
             * @default normal
             * @enum {string}
             */
            priority?: "critical" | "high" | "normal" | "low" | "bulk";
            /** @description Who says so: a name that nobody checks */
            sender?: string | null;
            /**
             * @description False: delivered live and never stored
             * @default true
             */
            cache?: boolean;
            /**
             * @description Whether it is sealed for the public key of the channel
             * @default false
             */
            encrypted?: boolean;
            /**
             * @description Where there is no such channel, make a temporary one; else 404
             * @default true
             */
            autoCreate?: boolean;
        };
        /**
         * @description A piece of what a task has written
         * @example {
         *       "lease_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa",
         *       "stream": "stdout",
         *       "offset": 0,
         *       "chunk": "added 312 packages in 4s\n"
         *     }
         */
        NewOutput: {
            /**
             * Format: uuid
             * @description The lease of the attempt, from the claim
             */
            lease_id: string;
            /**
             * @description Which of its streams
             * @enum {string}
             */
            stream: "stdout" | "stderr";
            /** @description Bytes of UTF-8 of the stream before this piece */
            offset: number;
            /** @description Whole characters; an empty one only asks for next_offset */
            chunk: string;
        };
        /**
         * @description A public key that is to have a channel
         * @example {
         *       "publicKey": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA...\n-----END PUBLIC KEY-----",
         *       "algorithm": "RSA-4096",
         *       "expiresIn": 604800,
         *       "metadata": {
         *         "deviceName": "My Device",
         *         "appVersion": "1.0.0"
         *       }
         *     }
         */
        NewPublicKey: {
            /** @description SPKI as PEM */
            publicKey: string;
            /**
             * @description Left out: what the key is. It must be what the key is
             * @enum {string}
             */
            algorithm?: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /**
             * @description Seconds, at most 30 days
             * @default 604800
             */
            expiresIn?: number;
            /** @description At most 2048 bytes as JSON */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * @description A relay key that is to be
         * @example {
         *       "userId": "user-123",
         *       "name": "My App API Key",
         *       "permissions": [
         *         "read",
         *         "write"
         *       ]
         *     }
         */
        NewRelayKey: {
            /** @description With X-Admin-Key: whose key it is */
            userId?: string;
            /**
             * @description What people call it
             * @default API key
             */
            name?: string;
            /**
             * @description What the key may do
             * @default [
             *       "read",
             *       "write"
             *     ]
             */
            permissions?: ("read" | "write" | "revoke" | "admin")[];
            /** @description In the future; left out: it does not expire */
            expiresAt?: string | null;
        };
        /**
         * @description A command for a device
         * @example {
         *       "device_id": "6f1c0f5e-3a55-4c3b-9b1e-2d1f6f0a7c11",
         *       "type": "bash",
         *       "command": "npm run build",
         *       "args": {
         *         "cwd": "/project/path",
         *         "env": {
         *           "NODE_ENV": "production"
         *         }
         *       },
         *       "priority": 7,
         *       "timeout": 300000
         *     }
         */
        NewTask: {
            /**
             * Format: uuid
             * @description The device that is to run it
             */
            device_id: string;
            /**
             * @description bash: a shell command; workflow and custom: what a handler of the daemon runs
             * @default bash
             * @enum {string}
             */
            type?: "bash" | "workflow" | "custom";
            /** @description The command, as a shell takes it */
            command: string;
            /** @description Kept whole; a daemon reads cwd, env and timeout */
            args?: {
                [key: string]: unknown;
            };
            /**
             * @description 10 is the most urgent
             * @default 5
             */
            priority?: number;
            /** @description Milliseconds of run time, by default 300000; beats args.timeout */
            timeout?: number;
            /** @description How often it may be run again, by default 3. Unless you set it yourself, only a task that never ran is tried again; a command that failed is not. */
            max_retries?: number;
            /**
             * Format: date-time
             * @description Not before this time
             */
            run_at?: string;
            /**
             * @description Seconds after which an undelivered task is cancelled
             * @default 604800
             */
            expires_in?: number;
            /**
             * @description What happens when the device falls silent while it runs
             * @default wait
             * @enum {string}
             */
            on_disconnect?: "wait" | "fail" | "requeue";
            /**
             * @description Between SIGTERM and SIGKILL
             * @default 10
             */
            grace_seconds?: number;
            /**
             * @description Where it comes from, to be shown with it
             * @default api
             * @enum {string}
             */
            source?: "api" | "email" | "web" | "cli";
        };
        /** @description The process cannot serve requests now */
        NotReady: {
            /** @constant */
            status: "not ready";
            /** @description Why it is not ready, in a sentence */
            reason: string;
            /** @description Version of the service */
            version: string;
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /** @description Where in a list a page lies */
        Pagination: {
            /** @description Items of the whole list */
            total: number;
            /** @description How many items a page has at most */
            limit: number;
            /** @description How many items lie before this page */
            offset: number;
            /** @description Whether more items follow this page */
            has_more: boolean;
        };
        /**
         * @description The old and the new password
         * @example {
         *       "old_password": "SecurePassword123!",
         *       "new_password": "correct horse battery staple"
         *     }
         */
        PasswordChange: {
            /** @description The password of your account, once more */
            old_password: string;
            /** @description 8 to 256 characters */
            new_password: string;
        };
        /**
         * @description A mailed token and the new password
         * @example {
         *       "token": "mt_8Qk…",
         *       "new_password": "correct horse battery staple"
         *     }
         */
        PasswordReset: {
            /** @description The token from the mail */
            token: string;
            /** @description 8 to 256 characters */
            new_password: string;
        };
        /** @description Asks for a pong */
        PingCommand: {
            /** @constant */
            type: "ping";
            /** @description Not looked at */
            timestamp?: string | number;
        };
        /** @description The answer to a ping */
        PongFrame: {
            /** @constant */
            type: "pong";
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /**
         * @description A mail, as a mail gateway posts it
         * @example {
         *       "from": "user@gmail.com",
         *       "subject": "[CCJK] Run Tests",
         *       "body": "npm test",
         *       "message_id": "email_message_id"
         *     }
         */
        PostedMail: {
            /** @description An address, or Name <address> */
            from: string;
            /** @description Begins with [CCJK], or [CCJK:name of a device] */
            subject: string;
            /** @description Plain text. The command ends at a line that is --, or ___ and longer */
            body: string;
            /** @description Of the mail; one makes one task */
            message_id: string;
            /**
             * @description The header, where there is one
             * @default null
             */
            in_reply_to?: string | null;
            /**
             * @description The header, where there is one
             * @default null
             */
            auto_submitted?: string | null;
        };
        /**
         * @description The fields of the profile that are to change
         * @example {
         *       "display_name": "John Doe",
         *       "notify_by_email": true
         *     }
         */
        ProfileChange: {
            /** @description The name that is shown; null: none */
            display_name?: string | null;
            /** @description http or https */
            avatar_url?: string | null;
            /** @description Whether each new message is mailed to you too */
            notify_by_email?: boolean;
        };
        /** @description A public key with its channel */
        PublicKey: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The id of the channel of a public key */
            channelId: string;
            /** @description In PEM */
            publicKey: string;
            /**
             * @description What kind of key it is
             * @enum {string}
             */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it ends; null: never
             */
            expiresAt: string;
            /** @description When it was last used; null: never */
            lastUsedAt: string | null;
            /** @description An object of your own, kept as it is */
            metadata: {
                [key: string]: unknown;
            } | null;
        };
        /** @description What is known of a public key, without the key */
        PublicKeyInfo: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The id of the channel of a public key */
            channelId: string;
            /**
             * @description What kind of key it is
             * @enum {string}
             */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it ends; null: never
             */
            expiresAt: string;
            /** @description Whether it has expired */
            isExpired: boolean;
        };
        /** @description The message as it was taken */
        PublishedMessage: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /**
             * Format: uuid
             * @description The same as id
             */
            messageId: string;
            /** @description The id of the channel */
            channel: string;
            /**
             * Format: date-time
             * @description When the service took it
             */
            publishedAt: string;
            /** @description Whether this publish made the channel */
            autoCreated: boolean;
        };
        /** @description Messages that a channel keeps */
        Queue: {
            /** @description The id of the channel */
            channel: string;
            /** @description The messages */
            messages: components["schemas"]["QueuedMessage"][];
            /** @description How many messages the channel keeps */
            queueLength: number;
        };
        /** @description The tasks of the batch, queued */
        QueuedBatch: {
            /**
             * Format: uuid
             * @description The batch, by which tasks can be listed
             */
            batch_id: string;
            /**
             * @description parallel: all at once; sequential: each after the one before it completed
             * @enum {string}
             */
            mode: "parallel" | "sequential";
            /** @description The tasks */
            tasks: components["schemas"]["QueuedTask"][];
        };
        /** @description A message that a channel keeps */
        QueuedMessage: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The text, sealed when encrypted is true */
            message: string;
            /** @description Who says so: a name that nobody checks */
            sender: string | null;
            /**
             * @description How urgent it is
             * @enum {string}
             */
            priority: "critical" | "high" | "normal" | "low" | "bulk";
            /** @description Whether it is sealed for the public key of the channel */
            encrypted: boolean;
            /** @description Milliseconds since 1970 */
            timestamp: number;
        };
        /** @description The task, queued */
        QueuedTask: {
            /**
             * Format: uuid
             * @description The task
             */
            task_id: string;
            /**
             * @description Its status
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /**
             * Format: date-time
             * @description The earliest time at which the device can start it
             */
            estimated_start: string;
        };
        /** @description The process serves requests */
        Ready: {
            /** @constant */
            status: "ready";
            /** @description Version of the service */
            version: string;
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
        };
        /** @description How far the stream has arrived */
        RecordedOutput: {
            /**
             * Format: uuid
             * @description The task
             */
            task_id: string;
            /**
             * @description Which of its streams
             * @enum {string}
             */
            stream: "stdout" | "stderr";
            /** @description Where the next piece has to begin */
            next_offset: number;
            /** @description The stream is full: send no more of it */
            truncated: boolean;
        };
        /** @description The result that is recorded */
        RecordedResult: {
            /**
             * Format: uuid
             * @description The task
             */
            task_id: string;
            /** @description Which attempt, from 1; 0: none yet */
            attempt: number;
            /**
             * @description What was recorded for this attempt
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
        };
        /**
         * @description The refresh token of a session
         * @example {
         *       "refresh_token": "rt_5Zk…"
         *     }
         */
        Refresh: {
            /** @description The refresh token of the session; good for one use */
            refresh_token: string;
        };
        /** @description A new pair of tokens */
        Refreshed: {
            /** @description Access JWT for Authorization: Bearer */
            token: string;
            /** @description Opaque; each use of it gives a new one */
            refresh_token: string;
            /** @description Seconds until the access token ends */
            expires_in: number;
        };
        /** @description The device with its new key, which is shown only now */
        RegisteredDevice: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @description The key of the device (dk_…), shown only now */
            device_key: string;
            config: components["schemas"]["DeviceConfig"];
        };
        /** @description The public key with its new channel */
        RegisteredKey: {
            /** @description The id of the channel of a public key */
            channelId: string;
            /**
             * Format: uuid
             * @description The id of the public key
             */
            publicKeyId: string;
            /**
             * @description What kind of key it is
             * @enum {string}
             */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /**
             * Format: date-time
             * @description When it ends; null: never
             */
            expiresAt: string;
            /** @description Seconds */
            expiresIn: number;
        };
        /** @description The envelope of an answer under /api that failed. Decide by error.code; error.message is for people. */
        RelayFailure: {
            /** @constant */
            success: false;
            /** @description What went wrong; null when nothing did */
            error: {
                /**
                 * @description One of the codes of this operation: programs decide by it
                 * @enum {string}
                 */
                code: "VALIDATION_ERROR" | "INVALID_JSON" | "INVALID_CHANNEL_FORMAT" | "CONFIRMATION_WRONG" | "AUTH_REQUIRED" | "AUTH_FAILED" | "TOKEN_EXPIRED" | "UNAUTHORIZED" | "WRONG_CREDENTIAL" | "INSUFFICIENT_SCOPE" | "DEVICE_MISMATCH" | "WRONG_PASSWORD" | "ORIGIN_NOT_ALLOWED" | "PLAN_LIMIT_REACHED" | "NOT_FOUND" | "CHANNEL_NOT_FOUND" | "ROUTE_NOT_FOUND" | "USER_NOT_FOUND" | "SESSION_NOT_FOUND" | "API_KEY_NOT_FOUND" | "DEVICE_NOT_FOUND" | "MESSAGE_NOT_FOUND" | "TASK_NOT_FOUND" | "EMAIL_CONFIG_NOT_FOUND" | "BACKUP_NOT_FOUND" | "LOG_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "EMAIL_TAKEN" | "TASK_FINISHED" | "TASK_NOT_FINISHED" | "TASK_CANCELLED" | "LEASE_LOST" | "RESULT_CONFLICT" | "OUTPUT_GAP" | "CHANNEL_EXISTS" | "DUPLICATE_KEY" | "SECRET_ALREADY_SHOWN" | "KEY_EXPIRED" | "KEY_TOO_LARGE" | "METADATA_TOO_LARGE" | "MESSAGE_TOO_LARGE" | "PAYLOAD_TOO_LARGE" | "STORAGE_QUOTA_EXCEEDED" | "UNSUPPORTED_MEDIA_TYPE" | "RANGE_NOT_SATISFIABLE" | "IDEMPOTENCY_KEY_REUSED" | "RATE_LIMIT_EXCEEDED" | "CONFIRMATION_LOCKED" | "INTERNAL_ERROR" | "MAIL_REJECTED" | "SERVICE_UNAVAILABLE";
                /** @description One sentence that says what to do */
                message: string;
                /** @description VALIDATION_ERROR: a list of {path, message, code} */
                details?: unknown;
            };
        };
        /** @description The relay is alive */
        RelayHealth: {
            /** @constant */
            status: "healthy";
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
            /** @description Seconds since the process started */
            uptime: number;
        };
        /** @description A relay key, without its secret */
        RelayKey: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The first characters of the key, to tell keys apart */
            keyPrefix: string;
            /** @description The owner: an account, or the text given with X-Admin-Key */
            userId: string | null;
            /** @description What people call it */
            name: string;
            /** @description What the key may do */
            permissions: ("read" | "write" | "revoke" | "admin")[];
            /** @description Whether it is in use */
            isActive: boolean;
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /** @description When it ends; null: never */
            expiresAt: string | null;
            /** @description When it was last used; null: never */
            lastUsedAt: string | null;
        };
        /** @description The relay cannot serve requests now */
        RelayNotReady: {
            /** @constant */
            status: "not ready";
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
            /** @description What was looked at */
            checks: {
                /**
                 * @description Whether the database answers
                 * @enum {string}
                 */
                database: "ok" | "failed";
                /**
                 * @description Whether the process goes on
                 * @enum {string}
                 */
                process: "ok" | "stopping";
            };
        };
        /** @description Where in a list a page lies */
        RelayPagination: {
            /** @description Items of the whole list */
            total: number;
            /** @description How many items a page has at most */
            limit: number;
            /** @description How many items lie before this page */
            offset: number;
            /** @description Whether more items follow this page */
            hasMore: boolean;
        };
        /** @description The relay serves requests */
        RelayReady: {
            /** @constant */
            status: "ready";
            /**
             * Format: date-time
             * @description When it happened
             */
            timestamp: string;
            /** @description What was looked at */
            checks: {
                /**
                 * @description Whether the database answers
                 * @enum {string}
                 */
                database: "ok" | "failed";
                /**
                 * @description Whether the process goes on
                 * @enum {string}
                 */
                process: "ok" | "stopping";
            };
        };
        /** @description The revocation with its confirmation code, which is shown only now */
        RequestedRevocation: {
            /**
             * Format: uuid
             * @description Names this revocation when it is confirmed
             */
            revocationId: string;
            /**
             * Format: uuid
             * @description The key that is to be revoked
             */
            keyId: string;
            /**
             * @description pending until it is confirmed, cancelled, has expired, or is locked by five wrong codes
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired" | "locked";
            /** @description Why the key is to be revoked */
            reason: string;
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Until when it can be confirmed
             */
            expiresAt: string;
            /** @description Confirms the revocation; shown only now */
            confirmationCode: string;
        };
        /** @description The service restarts: the connection is about to end, and another one is welcome a little later */
        RestartFrame: {
            /** @constant */
            type: "restart";
            /** @description What was asked for */
            data: {
                /** @description Wait this long, so that not all come back in the same moment */
                reconnect_after_ms: number;
            };
        };
        /**
         * @description The backup that is in place
         * @example {
         *       "backup_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa"
         *     }
         */
        RestoredConfig: {
            /**
             * Format: uuid
             * @description The backup
             */
            backup_id: string;
        };
        /** @description Events may have been lost: read again what you show */
        ResyncFrame: {
            /** @constant */
            type: "resync";
            /** @description What was asked for */
            data: {
                /**
                 * Format: date-time
                 * @description When it happened
                 */
                timestamp: string;
            };
        };
        /** @description The revocation of a key, in two phases */
        Revocation: {
            /**
             * Format: uuid
             * @description Names this revocation when it is confirmed
             */
            revocationId: string;
            /**
             * Format: uuid
             * @description The key that is to be revoked
             */
            keyId: string;
            /**
             * @description pending until it is confirmed, cancelled, has expired, or is locked by five wrong codes
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired" | "locked";
            /** @description Why the key is to be revoked */
            reason: string;
            /**
             * Format: date-time
             * @description When it was made
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Until when it can be confirmed
             */
            expiresAt: string;
        };
        /**
         * @description Why a key is to be revoked, and how long that can be confirmed
         * @example {
         *       "reason": "The laptop was lost",
         *       "confirmationHours": 24
         *     }
         */
        RevocationRequest: {
            /** @description Why the key is to be revoked, 10 to 1000 characters */
            reason: string;
            /**
             * @description How long it can be confirmed
             * @default 24
             */
            confirmationHours?: number;
        };
        /** @description The key that works no more */
        RevokedKey: {
            /**
             * Format: uuid
             * @description The id of the key that is revoked
             */
            deletedId: string;
            /** @description The id of the channel of a public key */
            channelId: string | null;
        };
        /** @description One sign-in of an account */
        Session: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description The session of the token that asks */
            current: boolean;
            /** @description The program that signed in, as it names itself; null: it did not */
            user_agent: string | null;
            /** @description The IP address from which it was last used; null: unknown */
            ip_address: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last used
             */
            last_used_at: string;
            /**
             * Format: date-time
             * @description When it ends unless it is used before
             */
            expires_at: string;
        };
        /** @description The account with the tokens of a new session */
        SignedIn: {
            user: components["schemas"]["User"];
            /** @description Access JWT for Authorization: Bearer */
            token: string;
            /** @description Opaque; each use of it gives a new one */
            refresh_token: string;
            /** @description Seconds until the access token ends */
            expires_in: number;
        };
        /**
         * @description What a client sends over `/v1/ws`, as a text frame of at most 64 KiB
         * @example {
         *       "type": "subscribe",
         *       "channel": "task:1c6f0b56-6d4a-4a0e-9b8f-0a3a5c1d2e3f"
         *     }
         */
        SocketCommand: components["schemas"]["PingCommand"] | components["schemas"]["SubscribeCommand"] | components["schemas"]["UnsubscribeCommand"];
        /** @description What the service sends over `/v1/ws`. device.* and message.new come without subscribing; task.* come to the channels of the task and of its device, task.output to that of the task alone. The socket of a device gets task.available, task.cancel and config.updated. resync says that events may have been lost: read again what you show. restart comes before a close with 1012. */
        SocketFrame: components["schemas"]["PongFrame"] | components["schemas"]["SubscribedFrame"] | components["schemas"]["UnsubscribedFrame"] | components["schemas"]["ErrorFrame"] | components["schemas"]["DeviceOnlineFrame"] | components["schemas"]["DeviceOfflineFrame"] | components["schemas"]["DeviceUpdatedFrame"] | components["schemas"]["TaskUpdatedFrame"] | components["schemas"]["TaskCompletedFrame"] | components["schemas"]["TaskOutputFrame"] | components["schemas"]["MessageNewFrame"] | components["schemas"]["TaskAvailableFrame"] | components["schemas"]["TaskCancelFrame"] | components["schemas"]["ConfigUpdatedFrame"] | components["schemas"]["ResyncFrame"] | components["schemas"]["RestartFrame"];
        /** @description What opens one WebSocket */
        SocketTicket: {
            /** @description Opens one WebSocket, within 30 seconds */
            ticket: string;
            /**
             * Format: date-time
             * @description Until when it opens one: 30 seconds from now
             */
            expires_at: string;
        };
        /** @description The task, running */
        StartedTask: {
            /**
             * Format: uuid
             * @description The task
             */
            task_id: string;
            /**
             * @description running
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /**
             * Format: date-time
             * @description Until when the lease holds; heartbeats renew it
             */
            lease_expires_at: string;
        };
        /**
         * @description The tasks of all devices in a period, and how things are now
         * @example {
         *       "tasks_completed": 125,
         *       "tasks_failed": 3,
         *       "tasks_cancelled": 0,
         *       "total_execution_time": 4500,
         *       "devices_online": 3,
         *       "storage_used": 524288000,
         *       "daily_breakdown": [
         *         {
         *           "date": "2026-01-14",
         *           "count": 15
         *         }
         *       ]
         *     }
         */
        StatsSummary: {
            /** @description Tasks that ended well in the period */
            tasks_completed: number;
            /** @description Those that ran out of time too */
            tasks_failed: number;
            /** @description Tasks that were cancelled in the period */
            tasks_cancelled: number;
            /** @description Seconds, from start to end of each task */
            total_execution_time: number;
            /** @description Devices with any status but offline */
            devices_online: number;
            /** @description Bytes */
            storage_used: number;
            /** @description Each UTC day of the period, the oldest first, with the tasks that finished on it */
            daily_breakdown: {
                /**
                 * Format: date
                 * @description The UTC day
                 */
                date: string;
                /** @description How many */
                count: number;
            }[];
        };
        /** @description One Server-Sent Event of a subscription; its data is sent as JSON */
        StreamEvent: components["schemas"]["ConnectedEvent"] | components["schemas"]["MessageEvent"];
        /** @description Asks for the events of a channel */
        SubscribeCommand: {
            /** @constant */
            type: "subscribe";
            /** @description `device:<uuid>` or `task:<uuid>` */
            channel: string;
        };
        /** @description The events of the channel come from here on */
        SubscribedFrame: {
            /** @constant */
            type: "subscribed";
            /** @description The id of the channel */
            channel: string;
        };
        /** @description The settings of this machine */
        SyncedConfig: {
            config: components["schemas"]["DeviceConfig"];
            /** @description Goes up with each change of the settings */
            config_version: number;
            /** @description Repeated until the restore is confirmed */
            restore: {
                /**
                 * Format: uuid
                 * @description The backup
                 */
                backup_id: string;
                /** @description What the backup is called */
                config_name: string;
                /** @description The configuration, a JSON object */
                config_data: {
                    [key: string]: unknown;
                };
            } | null;
        };
        /** @description A task with its output */
        Task: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description Null after the device was deleted */
            device_id: string | null;
            /**
             * @description bash: a shell command; workflow and custom: what a handler of the daemon runs
             * @enum {string}
             */
            type: "bash" | "workflow" | "custom";
            /** @description The command, as a shell takes it */
            command: string;
            /** @description An object of the caller: the daemon reads cwd, env and timeout */
            args: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Its status
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Why it has this status: expired, predecessor, lost, unconfirmed, device_deleted, … */
            reason: string | null;
            /** @description 1 to 10; 10 is the most urgent */
            priority: number;
            /** @description Milliseconds */
            timeout: number;
            /** @description timeout in seconds, rounded up */
            timeout_seconds: number;
            /** @description How often it may be run again */
            max_retries: number;
            /** @description How often it was run again */
            retry_count: number;
            /** @description How often it was handed to a device */
            attempt: number;
            /** @description Percent, when the device reports it */
            progress: number | null;
            /** @description The exit code of the command; null: it has none */
            exit_code: number | null;
            /** @description The signal that ended it, such as SIGKILL; null: none */
            signal: string | null;
            /** @description Why it failed, in a sentence; null: nothing to say */
            error_message: string | null;
            /**
             * @description What happens when the device falls silent while it runs
             * @enum {string}
             */
            on_disconnect: "wait" | "fail" | "requeue";
            /** @description Seconds between SIGTERM and SIGKILL when it is stopped */
            grace_seconds: number;
            /**
             * @description Where it came from
             * @enum {string}
             */
            source: "api" | "email" | "web" | "cli";
            /** @description The task that this one retries */
            parent_task_id: string | null;
            /** @description X-Request-Id of the request that created it */
            request_id: string | null;
            /** @description As it came with that request (W3C Trace Context); the daemon gets it with the task */
            traceparent: string | null;
            /** @description The batch with which it was made; null: none */
            batch_id: string | null;
            /** @description In a sequential batch: the one that must complete before */
            after_task_id: string | null;
            /** @description Not before this time; null: at once */
            run_at: string | null;
            /**
             * Format: date-time
             * @description When it ends; null: never
             */
            expires_at: string;
            /** @description When it started; null: not yet */
            started_at: string | null;
            /** @description When it ended; null: not yet */
            completed_at: string | null;
            /** @description When its owner cancelled it while a device held it; null: not */
            cancel_requested_at: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updated_at: string;
            /** @description The first 64 KiB and the last 960 KiB */
            stdout: string | null;
            /** @description What it wrote to standard error; the first 64 KiB and the last 960 KiB are kept */
            stderr: string | null;
            /** @description Whether its middle is left out */
            stdout_truncated: boolean;
            /** @description Whether its middle is left out */
            stderr_truncated: boolean;
        };
        /** @description A task waits for the device */
        TaskAvailableFrame: {
            /** @constant */
            type: "task.available";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The device
                 */
                device_id: string;
            };
        };
        /** @description A task of the device is to be stopped */
        TaskCancelFrame: {
            /** @constant */
            type: "task.cancel";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /** @description Seconds between SIGTERM and SIGKILL when it is stopped */
                grace_seconds: number;
            };
        };
        /** @description A task has ended */
        TaskCompletedFrame: {
            /** @constant */
            type: "task.completed";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /**
                 * @description However it ended: completed, failed, cancelled or timeout
                 * @enum {string}
                 */
                status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                /** @description The exit code of the command; null: it has none */
                exit_code: number | null;
                /** @description Its last 16 KiB */
                stdout: string;
                /** @description The task has more */
                stdout_truncated: boolean;
            };
        };
        /** @description One change of the status of a task */
        TaskEvent: {
            /** @description Its id */
            id: number;
            /** @description Which attempt, from 1; 0: none yet */
            attempt: number;
            /** @description Its status before; null: it was made */
            from_status: ("pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout") | null;
            /**
             * @description Its status after
             * @enum {string}
             */
            to_status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Who: user:<id>, api_key:<id>, device:<id>, email_config:<id> or system */
            actor: string;
            /** @description Why; null: nothing to say */
            reason: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
        };
        /** @description A piece of one stream of a task */
        TaskOutput: {
            /**
             * Format: uuid
             * @description The task
             */
            task_id: string;
            /** @description 0 before the task was first handed to a device */
            attempt: number;
            /**
             * @description Which of its streams
             * @enum {string}
             */
            stream: "stdout" | "stderr";
            /** @description Where chunk begins: from, or the start of the character that from falls into, or later where what lay there was deleted after 7 days */
            offset: number;
            /** @description About 1 MiB at most; there may be more after next_offset */
            chunk: string;
            /** @description Pass it as from to go on */
            next_offset: number;
            /** @description The stream went on after what is kept: 16 MiB, or what your storage had room for */
            truncated: boolean;
            /** @description The attempt has ended and nothing comes after next_offset */
            complete: boolean;
        };
        /** @description A piece of what a task writes */
        TaskOutputFrame: {
            /** @constant */
            type: "task.output";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /** @description Which attempt, from 1; 0: none yet */
                attempt: number;
                /**
                 * @description Which of its streams
                 * @enum {string}
                 */
                stream: "stdout" | "stderr";
                /** @description Bytes of UTF-8 before chunk. A jump means that a piece is to be read */
                offset: number;
                /** @description The text */
                chunk: string;
                /** @description The stream goes on, but no more of it is kept */
                truncated: boolean;
            };
        };
        /**
         * @description How a task ended
         * @example {
         *       "status": "completed",
         *       "exit_code": 0,
         *       "stdout": "output...",
         *       "stderr": "",
         *       "started_at": "2026-01-20T10:01:00Z",
         *       "completed_at": "2026-01-20T10:01:30Z"
         *     }
         */
        TaskResult: {
            /**
             * @description How it ended
             * @enum {string}
             */
            status: "completed" | "failed" | "cancelled" | "timeout";
            /** @description The exit code of the command; null: it has none */
            exit_code?: number | null;
            /** @description The signal that ended it, such as SIGKILL; null: none */
            signal?: string | null;
            /**
             * @description The first 64 KiB and the last 960 KiB are kept
             * @default
             */
            stdout?: string;
            /**
             * @description What it wrote to standard error; the first 64 KiB and the last 960 KiB are kept
             * @default
             */
            stderr?: string;
            /** @description Why it failed, in a sentence; null: nothing to say */
            error_message?: string | null;
            /** @description When it started; null: not yet */
            started_at?: string | null;
            /** @description When it ended; null: not yet */
            completed_at?: string | null;
            /**
             * Format: uuid
             * @description The lease of the attempt, from the claim
             */
            lease_id?: string;
            /**
             * @description The command was not started at all, so that it can safely be tried again
             * @default false
             */
            never_started?: boolean;
        };
        /**
         * @description The lease of the attempt that starts
         * @example {
         *       "lease_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa"
         *     }
         */
        TaskStart: {
            /**
             * Format: uuid
             * @description The lease of the attempt, from the claim
             */
            lease_id: string;
        };
        /** @description A task without its output */
        TaskSummary: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description Null after the device was deleted */
            device_id: string | null;
            /**
             * @description bash: a shell command; workflow and custom: what a handler of the daemon runs
             * @enum {string}
             */
            type: "bash" | "workflow" | "custom";
            /** @description The command, as a shell takes it */
            command: string;
            /** @description An object of the caller: the daemon reads cwd, env and timeout */
            args: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Its status
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Why it has this status: expired, predecessor, lost, unconfirmed, device_deleted, … */
            reason: string | null;
            /** @description 1 to 10; 10 is the most urgent */
            priority: number;
            /** @description Milliseconds */
            timeout: number;
            /** @description timeout in seconds, rounded up */
            timeout_seconds: number;
            /** @description How often it may be run again */
            max_retries: number;
            /** @description How often it was run again */
            retry_count: number;
            /** @description How often it was handed to a device */
            attempt: number;
            /** @description Percent, when the device reports it */
            progress: number | null;
            /** @description The exit code of the command; null: it has none */
            exit_code: number | null;
            /** @description The signal that ended it, such as SIGKILL; null: none */
            signal: string | null;
            /** @description Why it failed, in a sentence; null: nothing to say */
            error_message: string | null;
            /**
             * @description What happens when the device falls silent while it runs
             * @enum {string}
             */
            on_disconnect: "wait" | "fail" | "requeue";
            /** @description Seconds between SIGTERM and SIGKILL when it is stopped */
            grace_seconds: number;
            /**
             * @description Where it came from
             * @enum {string}
             */
            source: "api" | "email" | "web" | "cli";
            /** @description The task that this one retries */
            parent_task_id: string | null;
            /** @description X-Request-Id of the request that created it */
            request_id: string | null;
            /** @description As it came with that request (W3C Trace Context); the daemon gets it with the task */
            traceparent: string | null;
            /** @description The batch with which it was made; null: none */
            batch_id: string | null;
            /** @description In a sequential batch: the one that must complete before */
            after_task_id: string | null;
            /** @description Not before this time; null: at once */
            run_at: string | null;
            /**
             * Format: date-time
             * @description When it ends; null: never
             */
            expires_at: string;
            /** @description When it started; null: not yet */
            started_at: string | null;
            /** @description When it ended; null: not yet */
            completed_at: string | null;
            /** @description When its owner cancelled it while a device held it; null: not */
            cancel_requested_at: string | null;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it last changed
             */
            updated_at: string;
        };
        /** @description A task has another status or progress */
        TaskUpdatedFrame: {
            /** @constant */
            type: "task.updated";
            /** @description What was asked for */
            data: {
                /**
                 * Format: uuid
                 * @description The task
                 */
                task_id: string;
                /**
                 * @description Its status
                 * @enum {string}
                 */
                status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                /** @description Percent, when the device reports it */
                progress: number | null;
            };
        };
        /** @description Wants no more events of a channel */
        UnsubscribeCommand: {
            /** @constant */
            type: "unsubscribe";
            /** @description `device:<uuid>` or `task:<uuid>` */
            channel: string;
        };
        /** @description No more events of the channel come */
        UnsubscribedFrame: {
            /** @constant */
            type: "unsubscribed";
            /** @description The id of the channel */
            channel: string;
            /** @description Why, when it was not asked for: what the channel is of is gone */
            code?: string;
        };
        /** @description The log as it was taken */
        UploadedLog: {
            /**
             * Format: uuid
             * @description The log
             */
            log_id: string;
            /** @description Bytes */
            size: number;
            /** @description What the log is of, such as daemon */
            type: string;
            /**
             * Format: date
             * @description The UTC day
             */
            date: string;
        };
        /** @description An account */
        User: {
            /**
             * Format: uuid
             * @description Its id
             */
            id: string;
            /** @description An email address; upper and lower case are the same */
            email: string;
            /** @description The name that is shown; null: none */
            display_name: string | null;
            /** @description The address of a picture; null: none */
            avatar_url: string | null;
            /**
             * @description What the account may use: each plan has its limits
             * @enum {string}
             */
            plan: "free" | "pro" | "enterprise";
            /** @description Whether the address is verified; mail goes to verified ones alone */
            is_verified: boolean;
            /** @description Whether each new message is mailed too */
            notify_by_email: boolean;
            /** @description Bytes */
            storage_used: number;
            /**
             * Format: date-time
             * @description When it was made
             */
            created_at: string;
            /** @description When somebody last signed in; null: never */
            last_login_at: string | null;
        };
        /** @description What was asked for */
        AuthVerifyEmailData: {
            /** @constant */
            verified: true;
        };
        /** @description What was asked for */
        AuthResendVerificationData: {
            /** @description False: the address is verified already */
            queued: boolean;
        };
        /** @description What was asked for */
        AuthForgotPasswordData: {
            /** @constant */
            accepted: true;
        };
        /** @description What was asked for */
        AuthResetPasswordData: {
            /** @constant */
            reset: true;
        };
        /** @description What was asked for */
        AuthLogoutData: {
            /** @constant */
            logged_out: true;
        };
        /** @description What was asked for */
        AuthMeData: {
            user: components["schemas"]["User"];
        };
        /** @description What was asked for */
        AuthListSessionsData: {
            /** @description Sessions that have neither ended nor been revoked */
            sessions: components["schemas"]["Session"][];
        };
        /** @description What was asked for */
        AuthRevokeSessionData: {
            /**
             * Format: uuid
             * @description The session
             */
            session_id: string;
            /** @constant */
            revoked: true;
        };
        /** @description What was asked for */
        UsersUpdateData: {
            user: components["schemas"]["User"];
        };
        /** @description What was asked for */
        UsersRemoveData: {
            /** @constant */
            deleted: true;
        };
        /** @description What was asked for */
        UsersChangePasswordData: {
            /** @description How many other sessions have ended */
            sessions_ended: number;
        };
        /** @description What was asked for */
        ApiKeysListData: {
            /** @description API keys, the newest first */
            api_keys: components["schemas"]["ApiKey"][];
        };
        /** @description What was asked for */
        ApiKeysRemoveData: {
            /**
             * Format: uuid
             * @description The API key
             */
            api_key_id: string;
            /** @constant */
            deleted: true;
        };
        DaemonClaimQuery: {
            /**
             * @description How many at most
             * @default 10
             */
            limit?: number;
            /**
             * @description Seconds to wait when there is nothing
             * @default 0
             */
            wait?: number;
            /**
             * Format: uuid
             * @description A new uuid for each claim; the same for its repeats
             */
            claim_id?: string;
        };
        /** @description What was asked for */
        DaemonRestoredConfigData: {
            /**
             * Format: uuid
             * @description The backup
             */
            backup_id: string;
            /** @constant */
            restored: true;
        };
        /** @description What was asked for */
        DaemonOfflineData: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /**
             * @description Its status: what its daemon last said, or offline
             * @enum {string}
             */
            daemon_status: "online" | "offline" | "busy" | "error" | "maintenance";
        };
        TasksListQuery: {
            /**
             * @description How many at most
             * @default 20
             */
            limit?: number;
            /**
             * @description How many to leave out first
             * @default 0
             */
            offset?: number;
            /** @description The next_cursor of the page before; cheaper than offset on deep pages */
            cursor?: string;
            /**
             * @description Its status
             * @enum {string}
             */
            status?: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /**
             * Format: uuid
             * @description The device
             */
            device_id?: string;
            /**
             * Format: uuid
             * @description The batch with which it was made; null: none
             */
            batch_id?: string;
        };
        TasksGetQuery: {
            /**
             * @description Seconds to wait for the task to finish
             * @default 0
             */
            wait?: number;
        };
        /** @description What was asked for */
        TasksListEventsData: {
            /** @description What happened, the oldest first */
            events: components["schemas"]["TaskEvent"][];
        };
        TasksOutputQuery: {
            /**
             * @description Which of its streams
             * @default stdout
             * @enum {string}
             */
            stream?: "stdout" | "stderr";
            /**
             * @description Bytes of UTF-8 to leave out
             * @default 0
             */
            from?: number;
            /** @description By default the latest */
            attempt?: number;
            /**
             * @description Seconds to wait for output
             * @default 0
             */
            wait?: number;
        };
        DevicesListQuery: {
            /**
             * @description How many at most
             * @default 20
             */
            limit?: number;
            /**
             * @description How many to leave out first
             * @default 0
             */
            offset?: number;
            /** @description The next_cursor of the page before; cheaper than offset on deep pages */
            cursor?: string;
            /**
             * @description Its status
             * @enum {string}
             */
            status?: "online" | "offline" | "busy" | "error" | "maintenance";
        };
        /** @description What was asked for */
        DevicesRemoveData: {
            /**
             * Format: uuid
             * @description The device
             */
            device_id: string;
            /** @constant */
            deleted: true;
        };
        MessagesListQuery: {
            /**
             * @description How many at most
             * @default 20
             */
            limit?: number;
            /**
             * @description How many to leave out first
             * @default 0
             */
            offset?: number;
            /** @description The next_cursor of the page before; cheaper than offset on deep pages */
            cursor?: string;
            /** @description true: only unread ones; false: only those that were read */
            unread?: boolean | ("true" | "false");
        };
        /** @description What was asked for */
        MessagesReadAllData: {
            /** @description How many were unread */
            messages_read: number;
        };
        /** @description What was asked for */
        MessagesRemoveData: {
            /**
             * Format: uuid
             * @description The message
             */
            message_id: string;
            /** @constant */
            deleted: true;
        };
        /** @description What was asked for */
        EmailVerifyData: {
            /** @description The address whose mails are commands for the device */
            email_address: string;
            /** @constant */
            is_verified: true;
        };
        ConfigListBackupsQuery: {
            /**
             * @description How many at most
             * @default 20
             */
            limit?: number;
            /**
             * @description How many to leave out first
             * @default 0
             */
            offset?: number;
            /** @description The next_cursor of the page before; cheaper than offset on deep pages */
            cursor?: string;
            /**
             * Format: uuid
             * @description The device
             */
            device_id?: string;
        };
        /** @description What was asked for */
        ConfigRemoveBackupData: {
            /**
             * Format: uuid
             * @description The backup
             */
            backup_id: string;
            /** @constant */
            deleted: true;
        };
        ConfigRestoreQuery: {
            /**
             * Format: uuid
             * @description Restore it to another device of yours
             */
            device_id?: string;
        };
        LogsListQuery: {
            /**
             * @description How many at most
             * @default 20
             */
            limit?: number;
            /**
             * @description How many to leave out first
             * @default 0
             */
            offset?: number;
            /** @description The next_cursor of the page before; cheaper than offset on deep pages */
            cursor?: string;
            /**
             * Format: uuid
             * @description The device
             */
            device_id?: string;
            /** @description What kind it is */
            type?: string;
            /**
             * Format: date
             * @description The day that the log is about
             */
            date?: string;
        };
        LogsGetQuery: {
            /**
             * @description First byte of the text
             * @default 0
             */
            from?: number;
            /** @description The last lines, as many as this; from is left aside */
            tail?: number;
        };
        /** @description What was asked for */
        LogsRemoveData: {
            /**
             * Format: uuid
             * @description The log
             */
            log_id: string;
            /** @constant */
            deleted: true;
        };
        StatsSummaryQuery: {
            /**
             * @description Days, today included: 1d to 365d
             * @default 7d
             * @example 30d
             */
            period?: string;
        };
        StatsDeviceQuery: {
            /**
             * @description Days, today included: 1d to 365d
             * @default 7d
             * @example 30d
             */
            period?: string;
        };
        PublishListQuery: {
            /**
             * @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and -
             * @example my-channel
             */
            channel: string;
            /**
             * @description How many at most
             * @default 10
             */
            count?: number;
        };
        /** @description What was asked for */
        KeysListData: components["schemas"]["RelayKey"][];
        /** @description What was asked for */
        KeysGetData: components["schemas"]["PublicKey"] | components["schemas"]["RelayKey"];
        CronCleanupChannelsQuery: {
            /**
             * @description Which clean-up ran
             * @default all
             * @enum {string}
             */
            task?: "persistent" | "temporary" | "all";
        };
        CronCleanupKeysQuery: {
            /**
             * @description Which clean-up ran
             * @default all
             * @enum {string}
             */
            task?: "expired-keys" | "audit-logs" | "orphaned-keys" | "messages" | "all";
        };
    };
    responses: never;
    parameters: {
        /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
        RequestId: string;
        /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
        IdempotencyKey: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    "auth.register": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccount"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["SignedIn"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["SignedIn"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.refresh": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Refreshed"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.verifyEmail": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailVerification"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @constant */
                            verified: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.resendVerification": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description False: the address is verified already */
                            queued: boolean;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.forgotPassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgottenPassword"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @constant */
                            accepted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.resetPassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @constant */
                            reset: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @constant */
                            logged_out: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.me": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            user: components["schemas"]["User"];
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.listSessions": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description Sessions that have neither ended nor been revoked */
                            sessions: components["schemas"]["Session"][];
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "auth.revokeSession": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The session */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The session
                             */
                            session_id: string;
                            /** @constant */
                            revoked: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "users.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountDeletion"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "users.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            user: components["schemas"]["User"];
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "users.changePassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description How many other sessions have ended */
                            sessions_ended: number;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "apiKeys.list": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description API keys, the newest first */
                            api_keys: components["schemas"]["ApiKey"][];
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiKey"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["CreatedApiKey"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "apiKeys.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The API key */
                api_key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The API key
                             */
                            api_key_id: string;
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.register": {
        parameters: {
            query?: never;
            header: {
                /** @description The machine's own id, unique among your machines */
                "X-Device-ID": string;
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDevice"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RegisteredDevice"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RegisteredDevice"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.heartbeat": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["HeartbeatAnswer"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.claim": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description Seconds to wait when there is nothing */
                wait?: number;
                /** @description A new uuid for each claim; the same for its repeats */
                claim_id?: string;
            };
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["HandedTasks"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskStart"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["StartedTask"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.result": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskResult"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RecordedResult"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.output": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOutput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RecordedOutput"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.syncConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["SyncedConfig"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.uploadLog": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["LogUpload"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["UploadedLog"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.backupConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAutoBackup"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["ConfigBackup"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.restoredConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestoredConfig"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The backup
                             */
                            backup_id: string;
                            /** @constant */
                            restored: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "daemon.offline": {
        parameters: {
            query?: never;
            header?: {
                /** @description The machine's own id or the device's id; must match the key */
                "X-Device-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The device
                             */
                            device_id: string;
                            /**
                             * @description Its status: what its daemon last said, or offline
                             * @enum {string}
                             */
                            daemon_status: "online" | "offline" | "busy" | "error" | "maintenance";
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.list": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
                /** @description The next_cursor of the page before; cheaper than offset on deep pages */
                cursor?: string;
                /** @description Its status */
                status?: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                /** @description The device */
                device_id?: string;
                /** @description The batch with which it was made; null: none */
                batch_id?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description The tasks */
                            tasks: components["schemas"]["TaskSummary"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTask"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["QueuedTask"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.createBatch": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBatch"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["QueuedBatch"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.get": {
        parameters: {
            query?: {
                /** @description Seconds to wait for the task to finish */
                wait?: number;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Task"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.listEvents": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description What happened, the oldest first */
                            events: components["schemas"]["TaskEvent"][];
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.output": {
        parameters: {
            query?: {
                /** @description Which of its streams */
                stream?: "stdout" | "stderr";
                /** @description Bytes of UTF-8 to leave out */
                from?: number;
                /** @description By default the latest */
                attempt?: number;
                /** @description Seconds to wait for output */
                wait?: number;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["TaskOutput"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Task"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "tasks.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The task */
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["QueuedTask"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "devices.list": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
                /** @description The next_cursor of the page before; cheaper than offset on deep pages */
                cursor?: string;
                /** @description Its status */
                status?: "online" | "offline" | "busy" | "error" | "maintenance";
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description Devices of the account */
                            devices: components["schemas"]["Device"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "devices.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The device */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Device"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "devices.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The device */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The device
                             */
                            device_id: string;
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "devices.createKey": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDeviceKey"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["DeviceKey"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "devices.updateConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The device */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceConfigChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Device"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "sockets.createTicket": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["SocketTicket"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "messages.list": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
                /** @description The next_cursor of the page before; cheaper than offset on deep pages */
                cursor?: string;
                /** @description true: only unread ones; false: only those that were read */
                unread?: boolean | ("true" | "false");
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description The messages */
                            messages: components["schemas"]["Message"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "messages.read": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The message */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Message"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "messages.readAll": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description How many were unread */
                            messages_read: number;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "messages.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The message */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The message
                             */
                            message_id: string;
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "email.saveConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEmailConfig"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["EmailConfig"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["EmailConfig"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "email.getConfig": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The device */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["EmailConfig"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "email.verify": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddressVerification"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description The address whose mails are commands for the device */
                            email_address: string;
                            /** @constant */
                            is_verified: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "email.test": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailTestOrder"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["MailTest"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "email.incoming": {
        parameters: {
            query?: never;
            header?: {
                /** @description sha256=<hex of HMAC-SHA256(secret, body)>; of `timestamp.body` with a timestamp */
                "X-Email-Signature"?: string;
                /** @description Seconds since 1970; the signature is good for five minutes then */
                "X-Email-Timestamp"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostedMail"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["QueuedTask"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["QueuedTask"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "config.backup": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat safe: the same key and body within 24 hours get the first answer again. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConfigBackup"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["ConfigBackup"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "config.listBackups": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
                /** @description The next_cursor of the page before; cheaper than offset on deep pages */
                cursor?: string;
                /** @description The device */
                device_id?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description Backups, the newest first */
                            backups: components["schemas"]["ConfigBackup"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "config.getBackup": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The backup */
                backup_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["ConfigBackupWithData"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "config.removeBackup": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The backup */
                backup_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The backup
                             */
                            backup_id: string;
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "config.restore": {
        parameters: {
            query?: {
                /** @description Restore it to another device of yours */
                device_id?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The backup */
                backup_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["ConfigBackupWithData"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "logs.list": {
        parameters: {
            query?: {
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
                /** @description The next_cursor of the page before; cheaper than offset on deep pages */
                cursor?: string;
                /** @description The device */
                device_id?: string;
                /** @description What kind it is */
                type?: string;
                /** @description The day that the log is about */
                date?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /** @description Logs, the newest first */
                            logs: components["schemas"]["Log"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "logs.get": {
        parameters: {
            query?: {
                /** @description First byte of the text */
                from?: number;
                /** @description The last lines, as many as this; from is left aside */
                tail?: number;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The log */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["LogView"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "logs.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The log */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: {
                            /**
                             * Format: uuid
                             * @description The log
                             */
                            log_id: string;
                            /** @constant */
                            deleted: true;
                        };
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "logs.download": {
        parameters: {
            query?: never;
            header?: {
                /** @description One range of bytes; of several the whole file is given */
                Range?: string;
                /** @description The ETag of the part before */
                "If-Range"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The log */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    "stats.summary": {
        parameters: {
            query?: {
                /** @description Days, today included: 1d to 365d */
                period?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["StatsSummary"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "stats.device": {
        parameters: {
            query?: {
                /** @description Days, today included: 1d to 365d */
                period?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The device */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["DeviceStats"];
                        /** @description What went wrong; null when nothing did */
                        error: null;
                        meta: components["schemas"]["Meta"];
                    };
                };
            };
        };
    };
    "register.find": {
        parameters: {
            query?: {
                /** @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and - */
                channelId?: string;
                /** @description The key that is to be revoked */
                keyId?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: components["schemas"]["PublicKeyInfo"] | components["schemas"]["PublicKeyInfo"][];
                    };
                };
            };
        };
    };
    "register.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPublicKey"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RegisteredKey"];
                    };
                };
            };
        };
    };
    "channels.list": {
        parameters: {
            query?: {
                /** @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and - */
                id?: string;
                /** @description What kind it is */
                type?: "public" | "encrypted" | "private" | "temporary";
                /** @description How many at most */
                limit?: number;
                /** @description How many to leave out first */
                offset?: number;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: components["schemas"]["Channel"] | components["schemas"]["Channel"][];
                        /** @description Of a list */
                        pagination?: components["schemas"]["RelayPagination"];
                    };
                };
            };
        };
    };
    "channels.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChannel"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Channel"];
                    };
                };
            };
        };
    };
    "publish.list": {
        parameters: {
            query: {
                /** @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and - */
                channel: string;
                /** @description How many at most */
                count?: number;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Queue"];
                    };
                };
            };
        };
    };
    "publish.send": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["PublishedMessage"];
                    };
                };
            };
        };
    };
    "subscribe.open": {
        parameters: {
            query: {
                /** @description The id of a channel: 1 to 64 of a-z, A-Z, 0-9, _ and - */
                channel: string;
                /** @description Of the last event that you have */
                lastEventId?: string;
                /** @description priority: what is stored comes by priority; its ids then say up to where all was sent */
                order?: "sequence" | "priority";
            };
            header?: {
                /** @description The id of the last event that came: what the channel keeps after it comes first */
                "Last-Event-ID"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    "keys.list": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: components["schemas"]["RelayKey"][];
                    };
                };
            };
        };
    };
    "keys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRelayKey"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description A sentence for people */
                        message: string;
                        data: components["schemas"]["CreatedRelayKey"];
                    };
                };
            };
        };
    };
    "keys.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description A channel id, the uuid of a public key, or that of a relay key */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description What was asked for */
                        data: components["schemas"]["PublicKey"] | components["schemas"]["RelayKey"];
                    };
                };
            };
        };
    };
    "keys.remove": {
        parameters: {
            query?: {
                /** @description Confirms the revocation */
                confirmationCode?: string;
            };
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description A channel id, the uuid of a public key, or that of a relay key */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        /** @description A sentence for people */
                        message: string;
                        data: components["schemas"]["RevokedKey"];
                    };
                };
            };
        };
    };
    "keys.revocation": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description A channel id, the uuid of a public key, or that of a relay key */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Revocation"];
                    };
                };
            };
        };
    };
    "keys.revoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description A channel id, the uuid of a public key, or that of a relay key */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevocationRequest"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["RequestedRevocation"];
                    };
                };
            };
        };
    };
    "keys.cancelRevocation": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description A channel id, the uuid of a public key, or that of a relay key */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["Revocation"];
                    };
                };
            };
        };
    };
    "cron.cleanupChannels": {
        parameters: {
            query?: {
                /** @description Which clean-up ran */
                task?: "persistent" | "temporary" | "all";
            };
            header?: {
                /** @description The CRON_SECRET of the service */
                "X-Cron-Secret"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["ChannelCleanup"];
                    };
                };
            };
        };
    };
    "cron.cleanupKeys": {
        parameters: {
            query?: {
                /** @description Which clean-up ran */
                task?: "expired-keys" | "audit-logs" | "orphaned-keys" | "messages" | "all";
            };
            header?: {
                /** @description The CRON_SECRET of the service */
                "X-Cron-Secret"?: string;
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        success: true;
                        data: components["schemas"]["KeyCleanup"];
                    };
                };
            };
        };
    };
    "health.health": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RelayHealth"];
                };
            };
        };
    };
    "health.ready": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RelayReady"];
                };
            };
        };
    };
    "ops.livez": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    "ops.readyz": {
        parameters: {
            query?: never;
            header?: {
                /** @description Your own id of the request; it comes back as meta.request_id. One that does not fit is replaced. */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
}

export type AccountDeletion = components['schemas']['AccountDeletion'];
export type AddressVerification = components['schemas']['AddressVerification'];
export type Alive = components['schemas']['Alive'];
export type ApiKey = components['schemas']['ApiKey'];
export type ApiKeysListData = components['schemas']['ApiKeysListData'];
export type ApiKeysRemoveData = components['schemas']['ApiKeysRemoveData'];
export type AuthForgotPasswordData = components['schemas']['AuthForgotPasswordData'];
export type AuthListSessionsData = components['schemas']['AuthListSessionsData'];
export type AuthLogoutData = components['schemas']['AuthLogoutData'];
export type AuthMeData = components['schemas']['AuthMeData'];
export type AuthResendVerificationData = components['schemas']['AuthResendVerificationData'];
export type AuthResetPasswordData = components['schemas']['AuthResetPasswordData'];
export type AuthRevokeSessionData = components['schemas']['AuthRevokeSessionData'];
export type AuthVerifyEmailData = components['schemas']['AuthVerifyEmailData'];
export type Channel = components['schemas']['Channel'];
export type ChannelCleanup = components['schemas']['ChannelCleanup'];
export type CleanupOutcome = components['schemas']['CleanupOutcome'];
export type ConfigBackup = components['schemas']['ConfigBackup'];
export type ConfigBackupWithData = components['schemas']['ConfigBackupWithData'];
export type ConfigListBackupsQuery = components['schemas']['ConfigListBackupsQuery'];
export type ConfigRemoveBackupData = components['schemas']['ConfigRemoveBackupData'];
export type ConfigRestoreQuery = components['schemas']['ConfigRestoreQuery'];
export type ConfigUpdatedFrame = components['schemas']['ConfigUpdatedFrame'];
export type Confirmation = components['schemas']['Confirmation'];
export type ConnectedEvent = components['schemas']['ConnectedEvent'];
export type CreatedApiKey = components['schemas']['CreatedApiKey'];
export type CreatedRelayKey = components['schemas']['CreatedRelayKey'];
export type CronCleanupChannelsQuery = components['schemas']['CronCleanupChannelsQuery'];
export type CronCleanupKeysQuery = components['schemas']['CronCleanupKeysQuery'];
export type DaemonClaimQuery = components['schemas']['DaemonClaimQuery'];
export type DaemonOfflineData = components['schemas']['DaemonOfflineData'];
export type DaemonRestoredConfigData = components['schemas']['DaemonRestoredConfigData'];
export type Device = components['schemas']['Device'];
export type DeviceConfig = components['schemas']['DeviceConfig'];
export type DeviceConfigChange = components['schemas']['DeviceConfigChange'];
export type DeviceKey = components['schemas']['DeviceKey'];
export type DeviceOfflineFrame = components['schemas']['DeviceOfflineFrame'];
export type DeviceOnlineFrame = components['schemas']['DeviceOnlineFrame'];
export type DeviceStats = components['schemas']['DeviceStats'];
export type DeviceUpdatedFrame = components['schemas']['DeviceUpdatedFrame'];
export type DevicesListQuery = components['schemas']['DevicesListQuery'];
export type DevicesRemoveData = components['schemas']['DevicesRemoveData'];
export type EmailConfig = components['schemas']['EmailConfig'];
export type EmailVerification = components['schemas']['EmailVerification'];
export type EmailVerifyData = components['schemas']['EmailVerifyData'];
export type ErrorFrame = components['schemas']['ErrorFrame'];
export type Failure = components['schemas']['Failure'];
export type ForgottenPassword = components['schemas']['ForgottenPassword'];
export type HandedTask = components['schemas']['HandedTask'];
export type HandedTasks = components['schemas']['HandedTasks'];
export type Heartbeat = components['schemas']['Heartbeat'];
export type HeartbeatAnswer = components['schemas']['HeartbeatAnswer'];
export type Issue = components['schemas']['Issue'];
export type KeyCleanup = components['schemas']['KeyCleanup'];
export type KeysGetData = components['schemas']['KeysGetData'];
export type KeysListData = components['schemas']['KeysListData'];
export type Log = components['schemas']['Log'];
export type LogMetadata = components['schemas']['LogMetadata'];
export type LogUpload = components['schemas']['LogUpload'];
export type LogView = components['schemas']['LogView'];
export type Login = components['schemas']['Login'];
export type LogsGetQuery = components['schemas']['LogsGetQuery'];
export type LogsListQuery = components['schemas']['LogsListQuery'];
export type LogsRemoveData = components['schemas']['LogsRemoveData'];
export type MailTest = components['schemas']['MailTest'];
export type MailTestOrder = components['schemas']['MailTestOrder'];
export type Message = components['schemas']['Message'];
export type MessageEvent = components['schemas']['MessageEvent'];
export type MessageNewFrame = components['schemas']['MessageNewFrame'];
export type MessagesListQuery = components['schemas']['MessagesListQuery'];
export type MessagesReadAllData = components['schemas']['MessagesReadAllData'];
export type MessagesRemoveData = components['schemas']['MessagesRemoveData'];
export type Meta = components['schemas']['Meta'];
export type NewAccount = components['schemas']['NewAccount'];
export type NewApiKey = components['schemas']['NewApiKey'];
export type NewAutoBackup = components['schemas']['NewAutoBackup'];
export type NewBatch = components['schemas']['NewBatch'];
export type NewChannel = components['schemas']['NewChannel'];
export type NewConfigBackup = components['schemas']['NewConfigBackup'];
export type NewDevice = components['schemas']['NewDevice'];
export type NewDeviceKey = components['schemas']['NewDeviceKey'];
export type NewEmailConfig = components['schemas']['NewEmailConfig'];
export type NewMessage = components['schemas']['NewMessage'];
export type NewOutput = components['schemas']['NewOutput'];
export type NewPublicKey = components['schemas']['NewPublicKey'];
export type NewRelayKey = components['schemas']['NewRelayKey'];
export type NewTask = components['schemas']['NewTask'];
export type NotReady = components['schemas']['NotReady'];
export type Pagination = components['schemas']['Pagination'];
export type PasswordChange = components['schemas']['PasswordChange'];
export type PasswordReset = components['schemas']['PasswordReset'];
export type PingCommand = components['schemas']['PingCommand'];
export type PongFrame = components['schemas']['PongFrame'];
export type PostedMail = components['schemas']['PostedMail'];
export type ProfileChange = components['schemas']['ProfileChange'];
export type PublicKey = components['schemas']['PublicKey'];
export type PublicKeyInfo = components['schemas']['PublicKeyInfo'];
export type PublishListQuery = components['schemas']['PublishListQuery'];
export type PublishedMessage = components['schemas']['PublishedMessage'];
export type Queue = components['schemas']['Queue'];
export type QueuedBatch = components['schemas']['QueuedBatch'];
export type QueuedMessage = components['schemas']['QueuedMessage'];
export type QueuedTask = components['schemas']['QueuedTask'];
export type Ready = components['schemas']['Ready'];
export type RecordedOutput = components['schemas']['RecordedOutput'];
export type RecordedResult = components['schemas']['RecordedResult'];
export type Refresh = components['schemas']['Refresh'];
export type Refreshed = components['schemas']['Refreshed'];
export type RegisteredDevice = components['schemas']['RegisteredDevice'];
export type RegisteredKey = components['schemas']['RegisteredKey'];
export type RelayFailure = components['schemas']['RelayFailure'];
export type RelayHealth = components['schemas']['RelayHealth'];
export type RelayKey = components['schemas']['RelayKey'];
export type RelayNotReady = components['schemas']['RelayNotReady'];
export type RelayPagination = components['schemas']['RelayPagination'];
export type RelayReady = components['schemas']['RelayReady'];
export type RequestedRevocation = components['schemas']['RequestedRevocation'];
export type RestartFrame = components['schemas']['RestartFrame'];
export type RestoredConfig = components['schemas']['RestoredConfig'];
export type ResyncFrame = components['schemas']['ResyncFrame'];
export type Revocation = components['schemas']['Revocation'];
export type RevocationRequest = components['schemas']['RevocationRequest'];
export type RevokedKey = components['schemas']['RevokedKey'];
export type Session = components['schemas']['Session'];
export type SignedIn = components['schemas']['SignedIn'];
export type SocketCommand = components['schemas']['SocketCommand'];
export type SocketFrame = components['schemas']['SocketFrame'];
export type SocketTicket = components['schemas']['SocketTicket'];
export type StartedTask = components['schemas']['StartedTask'];
export type StatsDeviceQuery = components['schemas']['StatsDeviceQuery'];
export type StatsSummary = components['schemas']['StatsSummary'];
export type StatsSummaryQuery = components['schemas']['StatsSummaryQuery'];
export type StreamEvent = components['schemas']['StreamEvent'];
export type SubscribeCommand = components['schemas']['SubscribeCommand'];
export type SubscribedFrame = components['schemas']['SubscribedFrame'];
export type SyncedConfig = components['schemas']['SyncedConfig'];
export type Task = components['schemas']['Task'];
export type TaskAvailableFrame = components['schemas']['TaskAvailableFrame'];
export type TaskCancelFrame = components['schemas']['TaskCancelFrame'];
export type TaskCompletedFrame = components['schemas']['TaskCompletedFrame'];
export type TaskEvent = components['schemas']['TaskEvent'];
export type TaskOutput = components['schemas']['TaskOutput'];
export type TaskOutputFrame = components['schemas']['TaskOutputFrame'];
export type TaskResult = components['schemas']['TaskResult'];
export type TaskStart = components['schemas']['TaskStart'];
export type TaskSummary = components['schemas']['TaskSummary'];
export type TaskUpdatedFrame = components['schemas']['TaskUpdatedFrame'];
export type TasksGetQuery = components['schemas']['TasksGetQuery'];
export type TasksListEventsData = components['schemas']['TasksListEventsData'];
export type TasksListQuery = components['schemas']['TasksListQuery'];
export type TasksOutputQuery = components['schemas']['TasksOutputQuery'];
export type UnsubscribeCommand = components['schemas']['UnsubscribeCommand'];
export type UnsubscribedFrame = components['schemas']['UnsubscribedFrame'];
export type UploadedLog = components['schemas']['UploadedLog'];
export type User = components['schemas']['User'];
export type UsersChangePasswordData = components['schemas']['UsersChangePasswordData'];
export type UsersRemoveData = components['schemas']['UsersRemoveData'];
export type UsersUpdateData = components['schemas']['UsersUpdateData'];
