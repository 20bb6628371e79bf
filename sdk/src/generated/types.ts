// Generated from contracts/openapi.json by `npm run generate`. Do not edit.

export interface components {
    schemas: {
        /**
         * @example {
         *       "password": "SecurePassword123!"
         *     }
         */
        AccountDeletion: {
            /** @description The password of your account, once more */
            password: string;
        };
        /**
         * @example {
         *       "code": "mt_o3vD1kq0l2c9S6yBq1xJv8b5n4W7eR2tYzUaHgFdKiM"
         *     }
         */
        AddressVerification: {
            /** @description Good for 24 hours and one use */
            code: string;
        };
        Alive: {
            /** @constant */
            status: "ok";
            /** Format: date-time */
            timestamp: string;
        };
        ApiKey: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @description The first characters of the key, to tell keys apart */
            key_prefix: string;
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            last_used: string | null;
            expires_at: string | null;
            /** Format: date-time */
            created_at: string;
        };
        Channel: {
            id: string;
            name: string | null;
            description: string | null;
            /** @enum {string} */
            type: "public" | "encrypted" | "private" | "temporary";
            /** @description The owner of the key with which it was made */
            creator: string | null;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            isActive: boolean;
            metadata: {
                [key: string]: unknown;
            } | null;
        };
        ChannelCleanup: {
            task: string;
            persistentChannelsMarkedInactive: number;
            temporaryChannelsDeleted: number;
            errors: string[];
            duration: string;
            /** Format: date-time */
            timestamp: string;
        };
        CleanupOutcome: {
            deleted: number;
            errors: string[];
        };
        ConfigBackup: {
            /** Format: uuid */
            id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            config_name: string;
            /** @description Bytes of the data as JSON; they count against your storage */
            size: number;
            /** @description Made by the device itself */
            is_auto: boolean;
            /** Format: date-time */
            created_at: string;
        };
        ConfigBackupWithData: {
            /** Format: uuid */
            id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            config_name: string;
            /** @description Bytes of the data as JSON; they count against your storage */
            size: number;
            /** @description Made by the device itself */
            is_auto: boolean;
            /** Format: date-time */
            created_at: string;
            config_data: {
                [key: string]: unknown;
            };
        };
        ConfigUpdatedFrame: {
            /** @constant */
            type: "config.updated";
            data: {
                /** Format: uuid */
                device_id: string;
                config_version: number;
            };
        };
        /**
         * @example {
         *       "confirmationCode": "P4sTq…"
         *     }
         */
        Confirmation: {
            confirmationCode?: string;
        } | null;
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
            data: {
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
        CreatedApiKey: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @description The first characters of the key, to tell keys apart */
            key_prefix: string;
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            last_used: string | null;
            expires_at: string | null;
            /** Format: date-time */
            created_at: string;
            key: string;
        };
        CreatedRelayKey: {
            key: string;
            info: components["schemas"]["RelayKey"];
            /** Format: uuid */
            id: string;
            keyPrefix: string;
            /** @description The owner: an account, or the text given with X-Admin-Key */
            userId: string | null;
            name: string;
            permissions: ("read" | "write" | "revoke" | "admin")[];
            isActive: boolean;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            lastUsedAt: string | null;
        };
        Device: {
            /** Format: uuid */
            id: string;
            device_name: string;
            /** @description The machine's own id, as it was sent in X-Device-ID; null until the key of a device that was made ahead of time is first sent with one */
            machine_id: string | null;
            os_type: string | null;
            os_version: string | null;
            arch: string | null;
            ccjk_version: string | null;
            /** @enum {string} */
            daemon_status: "online" | "offline" | "busy" | "error" | "maintenance";
            /**
             * @description How it is known to be there: by an open WebSocket, or by its heartbeats
             * @enum {string}
             */
            presence: "socket" | "heartbeat" | "offline";
            last_heartbeat: string | null;
            last_sync: string | null;
            ip_address: string | null;
            location: string | null;
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
            config_version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        DeviceConfig: {
            /** @description Seconds between heartbeats */
            heartbeat_interval: number;
            /** @description Seconds between looks for new tasks */
            task_check_interval: number;
            log_upload_enabled: boolean;
            max_concurrent_tasks: number;
        };
        /**
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
            log_upload_enabled?: boolean;
            max_concurrent_tasks?: number;
        };
        DeviceKey: {
            /** Format: uuid */
            device_id: string;
            device_name: string;
            device_key: string;
        };
        DeviceOfflineFrame: {
            /** @constant */
            type: "device.offline";
            data: {
                /** Format: uuid */
                device_id: string;
                /** Format: date-time */
                timestamp: string;
            };
        };
        DeviceOnlineFrame: {
            /** @constant */
            type: "device.online";
            data: {
                /** Format: uuid */
                device_id: string;
                /** Format: date-time */
                timestamp: string;
            };
        };
        DeviceStats: {
            /** Format: uuid */
            device_id: string;
            tasks_completed: number;
            /** @description Those that ran out of time too */
            tasks_failed: number;
            tasks_cancelled: number;
            /** @description Seconds, from start to end of each task */
            total_execution_time: number;
            /** @description Each UTC day of the period, the oldest first, with the tasks that finished on it */
            daily_breakdown: {
                /** Format: date */
                date: string;
                count: number;
            }[];
        };
        DeviceUpdatedFrame: {
            /** @constant */
            type: "device.updated";
            data: {
                /** Format: uuid */
                device_id: string;
                /** @enum {string} */
                status: "online" | "offline" | "busy" | "error" | "maintenance" | "deleted";
                /** Format: date-time */
                timestamp: string;
            };
        };
        EmailConfig: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            device_id: string;
            email_address: string;
            /** @description You have shown that you read the mail of this address */
            is_verified: boolean;
            username: string | null;
            /** @description It is kept sealed and never shown */
            has_password: boolean;
            imap_host: string | null;
            imap_port: number | null;
            imap_secure: boolean;
            smtp_host: string | null;
            smtp_port: number | null;
            smtp_secure: boolean;
            is_active: boolean;
            /** @description When the mailbox was last read */
            last_check: string | null;
            /** @description Why the mailbox could not be read, or the last mail in it became no task, and since when */
            last_error: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * @example {
         *       "token": "mt_8Qk…"
         *     }
         */
        EmailVerification: {
            token: string;
        };
        ErrorFrame: {
            /** @constant */
            type: "error";
            /** @description As error.code of an answer over HTTP */
            code: string;
            message: string;
            /** @description Of the command that failed */
            channel?: string;
        };
        /** @description The envelope of an answer that failed. Decide by error.code; error.message is for people. */
        Failure: {
            /** @constant */
            success: false;
            data: null;
            error: {
                /** @enum {string} */
                code: "VALIDATION_ERROR" | "INVALID_JSON" | "INVALID_CHANNEL_FORMAT" | "CONFIRMATION_WRONG" | "AUTH_REQUIRED" | "AUTH_FAILED" | "TOKEN_EXPIRED" | "UNAUTHORIZED" | "WRONG_CREDENTIAL" | "INSUFFICIENT_SCOPE" | "DEVICE_MISMATCH" | "WRONG_PASSWORD" | "ORIGIN_NOT_ALLOWED" | "PLAN_LIMIT_REACHED" | "NOT_FOUND" | "CHANNEL_NOT_FOUND" | "ROUTE_NOT_FOUND" | "USER_NOT_FOUND" | "SESSION_NOT_FOUND" | "API_KEY_NOT_FOUND" | "DEVICE_NOT_FOUND" | "MESSAGE_NOT_FOUND" | "TASK_NOT_FOUND" | "EMAIL_CONFIG_NOT_FOUND" | "BACKUP_NOT_FOUND" | "LOG_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "EMAIL_TAKEN" | "TASK_FINISHED" | "TASK_NOT_FINISHED" | "TASK_CANCELLED" | "LEASE_LOST" | "RESULT_CONFLICT" | "OUTPUT_GAP" | "CHANNEL_EXISTS" | "DUPLICATE_KEY" | "SECRET_ALREADY_SHOWN" | "KEY_EXPIRED" | "KEY_TOO_LARGE" | "METADATA_TOO_LARGE" | "MESSAGE_TOO_LARGE" | "PAYLOAD_TOO_LARGE" | "STORAGE_QUOTA_EXCEEDED" | "UNSUPPORTED_MEDIA_TYPE" | "RANGE_NOT_SATISFIABLE" | "IDEMPOTENCY_KEY_REUSED" | "RATE_LIMIT_EXCEEDED" | "CONFIRMATION_LOCKED" | "INTERNAL_ERROR" | "MAIL_REJECTED" | "SERVICE_UNAVAILABLE";
                /** @description One sentence that says what to do */
                message: string;
                /** @description VALIDATION_ERROR: a list of {path, message, code}; limits: {limit, plan} */
                details?: unknown;
            };
            meta: components["schemas"]["Meta"];
        };
        /**
         * @example {
         *       "email": "user@example.com"
         *     }
         */
        ForgottenPassword: {
            /** Format: email */
            email: string;
        };
        HandedTask: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            type: "bash" | "workflow" | "custom";
            command: string;
            /** @description As the caller sent them, with timeout in milliseconds */
            args: {
                [key: string]: unknown;
            };
            priority: number;
            max_retries: number;
            /** @description Milliseconds */
            timeout: number;
            grace_seconds: number;
            attempt: number;
            /**
             * Format: uuid
             * @description Send it with start, heartbeat and result: it proves that this attempt is yours
             */
            lease_id: string;
            /** Format: date-time */
            lease_expires_at: string;
            /** Format: date-time */
            created_at: string;
            /** @description Of the request that created it: write it in your log */
            request_id: string | null;
            /** @description Of the span that created it (W3C Trace Context): the parent of yours */
            traceparent: string | null;
        };
        HandedTasks: {
            tasks: components["schemas"]["HandedTask"][];
            count: number;
        };
        /**
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
             * @default online
             * @enum {string}
             */
            status?: "online" | "offline" | "busy" | "error" | "maintenance";
            /**
             * @description Ids, or {task_id, lease_id}
             * @default []
             */
            current_tasks?: (string | {
                /** Format: uuid */
                task_id: string;
                /** Format: uuid */
                lease_id?: string;
                progress?: number;
            })[];
            system_info?: {
                [key: string]: unknown;
            };
        };
        HeartbeatAnswer: {
            /** Format: date-time */
            server_time: string;
            next_heartbeat_seconds: number;
            cancel_tasks: {
                /** Format: uuid */
                task_id: string;
                grace_seconds: number;
            }[];
            /** @description Named tasks that are no longer yours: stop them */
            lost_tasks: string[];
            config_version: number;
            tasks_available: boolean;
        };
        /** @description One fault of a request that failed validation */
        Issue: {
            /** @description Where in the request: body, query, path or header, then the field */
            path: (string | number)[];
            message: string;
            code: string;
        };
        KeyCleanup: {
            task: string;
            results: {
                expiredKeys: components["schemas"]["CleanupOutcome"];
                auditLogs: components["schemas"]["CleanupOutcome"];
                orphanedKeys: components["schemas"]["CleanupOutcome"];
                oldMessages: components["schemas"]["CleanupOutcome"];
            };
            /** Format: date-time */
            timestamp: string;
        };
        Log: {
            /** Format: uuid */
            log_id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            type: string;
            /** Format: date */
            date: string;
            /** @description Bytes of the file; they count against your storage */
            size: number;
            /** @description Bytes of its text, inflated */
            text_size: number;
            compressed: boolean;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @example {
         *       "email": "user@example.com",
         *       "password": "SecurePassword123!"
         *     }
         */
        Login: {
            /** Format: email */
            email: string;
            password: string;
        };
        /**
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
        LogUpload: {
            /** @description At most 50 MiB, as text or gzip */
            log_file: Blob;
            metadata: components["schemas"]["LogMetadata"];
        };
        LogView: {
            /** Format: uuid */
            log_id: string;
            /** @description Null when the device has been deleted */
            device_id: string | null;
            type: string;
            /** Format: date */
            date: string;
            /** @description Bytes of the file; they count against your storage */
            size: number;
            /** @description Bytes of its text, inflated */
            text_size: number;
            compressed: boolean;
            /** Format: date-time */
            created_at: string;
            /** @description Where in the text this part begins, in bytes */
            from: number;
            text: string;
            /** @description Where the next part begins; null at the end */
            next_from: number | null;
        };
        MailTest: {
            /** @constant */
            sent: true;
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
         * @example {
         *       "device_id": "6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11"
         *     }
         */
        MailTestOrder: {
            /** Format: uuid */
            device_id: string;
        };
        Message: {
            /** Format: uuid */
            id: string;
            /** @description The task of which it tells */
            task_id: string | null;
            /** @enum {string} */
            message_type: "task_created" | "task_completed" | "task_failed" | "device_online" | "device_offline";
            title: string;
            content: string | null;
            /** @description What a program needs of it, such as ids and the exit code */
            data: {
                [key: string]: unknown;
            } | null;
            read: boolean;
            sent_via_email: boolean;
            sent_via_push: boolean;
            /** Format: date-time */
            created_at: string;
        };
        MessageEvent: {
            /** @constant */
            event: "message";
            /**
             * @description The last id of a reconnect
             * @example event-42
             */
            id: string;
            data: {
                /** Format: uuid */
                id: string;
                channel: string;
                message: string;
                sender: string | null;
                /** @enum {string} */
                priority: "critical" | "high" | "normal" | "low" | "bulk";
                encrypted: boolean;
                /** @description Milliseconds since 1970 */
                timestamp: number;
            };
        };
        MessageNewFrame: {
            /** @constant */
            type: "message.new";
            data: {
                /** Format: uuid */
                message_id: string;
                title: string;
                content: string | null;
            };
        };
        Meta: {
            /** @description The X-Request-Id of the request, or one made for it; it is in our log */
            request_id: string;
            /** Format: date-time */
            timestamp: string;
        };
        /**
         * @example {
         *       "email": "user@example.com",
         *       "password": "SecurePassword123!",
         *       "display_name": "John Doe"
         *     }
         */
        NewAccount: {
            /** Format: email */
            email: string;
            /** @description 8 to 256 characters */
            password: string;
            display_name?: string;
        };
        /**
         * @example {
         *       "name": "CI",
         *       "scopes": [
         *         "task:create",
         *         "task:read"
         *       ]
         *     }
         */
        NewApiKey: {
            name: string;
            scopes: ("user:read" | "user:write" | "device:read" | "device:write" | "task:create" | "task:read" | "task:cancel" | "task:admin" | "config:read" | "config:write" | "log:read" | "stats:read")[];
            /**
             * Format: date-time
             * @description In the future; left out: it does not expire
             */
            expires_at?: string;
        };
        /**
         * @example {
         *       "config_name": "claude-code-config",
         *       "config_data": {}
         *     }
         */
        NewAutoBackup: {
            config_name: string;
            /** @description Any JSON object; kept whole */
            config_data: {
                [key: string]: unknown;
            };
        };
        /**
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
            tasks: components["schemas"]["NewTask"][];
            /**
             * @default parallel
             * @enum {string}
             */
            mode?: "parallel" | "sequential";
        };
        /**
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
            name?: string | null;
            description?: string | null;
            /**
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
         * @example {
         *       "device_id": "6a1f4b7e-52a3-4a6c-9f57-0d2d8f6c1b11",
         *       "config_name": "claude-code-config",
         *       "config_data": {
         *         "theme": "dark"
         *       }
         *     }
         */
        NewConfigBackup: {
            /** Format: uuid */
            device_id: string;
            config_name: string;
            /** @description Any JSON object; kept whole */
            config_data: {
                [key: string]: unknown;
            };
        };
        /**
         * @example {
         *       "device_name": "MacBook Pro",
         *       "os_type": "darwin",
         *       "os_version": "23.1.0",
         *       "arch": "arm64",
         *       "ccjk_version": "3.7.0"
         *     }
         */
        NewDevice: {
            device_name: string;
            /** @description darwin, linux, windows, termux */
            os_type?: string;
            os_version?: string;
            arch?: string;
            ccjk_version?: string;
            metadata?: {
                [key: string]: unknown;
            };
        };
        /**
         * @example {
         *       "device_name": "Build server"
         *     }
         */
        NewDeviceKey: {
            device_name: string;
        };
        /**
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
            /** Format: uuid */
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
            /** @default null */
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
            /** @default null */
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
             * @default normal
             * @enum {string}
             */
            priority?: "critical" | "high" | "normal" | "low" | "bulk";
            sender?: string | null;
            /**
             * @description False: delivered live and never stored
             * @default true
             */
            cache?: boolean;
            /** @default false */
            encrypted?: boolean;
            /**
             * @description Where there is no such channel, make a temporary one; else 404
             * @default true
             */
            autoCreate?: boolean;
        };
        /**
         * @example {
         *       "lease_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa",
         *       "stream": "stdout",
         *       "offset": 0,
         *       "chunk": "added 312 packages in 4s\n"
         *     }
         */
        NewOutput: {
            /** Format: uuid */
            lease_id: string;
            /** @enum {string} */
            stream: "stdout" | "stderr";
            offset: number;
            /** @description Whole characters; an empty one only asks for next_offset */
            chunk: string;
        };
        /**
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
            /** @default API key */
            name?: string;
            /**
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
             * @default bash
             * @enum {string}
             */
            type?: "bash" | "workflow" | "custom";
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
             * @default api
             * @enum {string}
             */
            source?: "api" | "email" | "web" | "cli";
        };
        NotReady: {
            /** @constant */
            status: "not ready";
            reason: string;
            version: string;
            /** Format: date-time */
            timestamp: string;
        };
        Pagination: {
            total: number;
            limit: number;
            offset: number;
            has_more: boolean;
        };
        /**
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
         * @example {
         *       "token": "mt_8Qk…",
         *       "new_password": "correct horse battery staple"
         *     }
         */
        PasswordReset: {
            token: string;
            /** @description 8 to 256 characters */
            new_password: string;
        };
        PingCommand: {
            /** @constant */
            type: "ping";
            /** @description Not looked at */
            timestamp?: string | number;
        };
        PongFrame: {
            /** @constant */
            type: "pong";
            /** Format: date-time */
            timestamp: string;
        };
        /**
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
         * @example {
         *       "display_name": "John Doe",
         *       "notify_by_email": true
         *     }
         */
        ProfileChange: {
            display_name?: string | null;
            /** @description http or https */
            avatar_url?: string | null;
            /** @description Whether each new message is mailed to you too */
            notify_by_email?: boolean;
        };
        PublicKey: {
            /** Format: uuid */
            id: string;
            channelId: string;
            publicKey: string;
            /** @enum {string} */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
            lastUsedAt: string | null;
            metadata: {
                [key: string]: unknown;
            } | null;
        };
        PublicKeyInfo: {
            /** Format: uuid */
            id: string;
            channelId: string;
            /** @enum {string} */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
            isExpired: boolean;
        };
        PublishedMessage: {
            /** Format: uuid */
            id: string;
            /**
             * Format: uuid
             * @description The same as id
             */
            messageId: string;
            channel: string;
            /** Format: date-time */
            publishedAt: string;
            /** @description Whether this publish made the channel */
            autoCreated: boolean;
        };
        Queue: {
            channel: string;
            messages: components["schemas"]["QueuedMessage"][];
            queueLength: number;
        };
        QueuedBatch: {
            /** Format: uuid */
            batch_id: string;
            /** @enum {string} */
            mode: "parallel" | "sequential";
            tasks: components["schemas"]["QueuedTask"][];
        };
        QueuedMessage: {
            /** Format: uuid */
            id: string;
            message: string;
            sender: string | null;
            /** @enum {string} */
            priority: "critical" | "high" | "normal" | "low" | "bulk";
            encrypted: boolean;
            /** @description Milliseconds since 1970 */
            timestamp: number;
        };
        QueuedTask: {
            /** Format: uuid */
            task_id: string;
            /** @enum {string} */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /**
             * Format: date-time
             * @description The earliest time at which the device can start it
             */
            estimated_start: string;
        };
        Ready: {
            /** @constant */
            status: "ready";
            version: string;
            /** Format: date-time */
            timestamp: string;
        };
        RecordedOutput: {
            /** Format: uuid */
            task_id: string;
            /** @enum {string} */
            stream: "stdout" | "stderr";
            /** @description Where the next piece has to begin */
            next_offset: number;
            /** @description The stream is full: send no more of it */
            truncated: boolean;
        };
        RecordedResult: {
            /** Format: uuid */
            task_id: string;
            attempt: number;
            /**
             * @description What was recorded for this attempt
             * @enum {string}
             */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
        };
        /**
         * @example {
         *       "refresh_token": "rt_5Zk…"
         *     }
         */
        Refresh: {
            refresh_token: string;
        };
        Refreshed: {
            /** @description Access JWT for Authorization: Bearer */
            token: string;
            /** @description Opaque; each use of it gives a new one */
            refresh_token: string;
            /** @description Seconds until the access token ends */
            expires_in: number;
        };
        RegisteredDevice: {
            /** Format: uuid */
            device_id: string;
            device_key: string;
            config: components["schemas"]["DeviceConfig"];
        };
        RegisteredKey: {
            channelId: string;
            /** Format: uuid */
            publicKeyId: string;
            /** @enum {string} */
            algorithm: "RSA-2048" | "RSA-4096" | "ECC-SECP256K1";
            /** Format: date-time */
            expiresAt: string;
            /** @description Seconds */
            expiresIn: number;
        };
        /** @description The envelope of an answer under /api that failed. Decide by error.code; error.message is for people. */
        RelayFailure: {
            /** @constant */
            success: false;
            error: {
                /** @enum {string} */
                code: "VALIDATION_ERROR" | "INVALID_JSON" | "INVALID_CHANNEL_FORMAT" | "CONFIRMATION_WRONG" | "AUTH_REQUIRED" | "AUTH_FAILED" | "TOKEN_EXPIRED" | "UNAUTHORIZED" | "WRONG_CREDENTIAL" | "INSUFFICIENT_SCOPE" | "DEVICE_MISMATCH" | "WRONG_PASSWORD" | "ORIGIN_NOT_ALLOWED" | "PLAN_LIMIT_REACHED" | "NOT_FOUND" | "CHANNEL_NOT_FOUND" | "ROUTE_NOT_FOUND" | "USER_NOT_FOUND" | "SESSION_NOT_FOUND" | "API_KEY_NOT_FOUND" | "DEVICE_NOT_FOUND" | "MESSAGE_NOT_FOUND" | "TASK_NOT_FOUND" | "EMAIL_CONFIG_NOT_FOUND" | "BACKUP_NOT_FOUND" | "LOG_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "EMAIL_TAKEN" | "TASK_FINISHED" | "TASK_NOT_FINISHED" | "TASK_CANCELLED" | "LEASE_LOST" | "RESULT_CONFLICT" | "OUTPUT_GAP" | "CHANNEL_EXISTS" | "DUPLICATE_KEY" | "SECRET_ALREADY_SHOWN" | "KEY_EXPIRED" | "KEY_TOO_LARGE" | "METADATA_TOO_LARGE" | "MESSAGE_TOO_LARGE" | "PAYLOAD_TOO_LARGE" | "STORAGE_QUOTA_EXCEEDED" | "UNSUPPORTED_MEDIA_TYPE" | "RANGE_NOT_SATISFIABLE" | "IDEMPOTENCY_KEY_REUSED" | "RATE_LIMIT_EXCEEDED" | "CONFIRMATION_LOCKED" | "INTERNAL_ERROR" | "MAIL_REJECTED" | "SERVICE_UNAVAILABLE";
                /** @description One sentence that says what to do */
                message: string;
                /** @description VALIDATION_ERROR: a list of {path, message, code} */
                details?: unknown;
            };
        };
        RelayHealth: {
            /** @constant */
            status: "healthy";
            /** Format: date-time */
            timestamp: string;
            /** @description Seconds since the process started */
            uptime: number;
        };
        RelayKey: {
            /** Format: uuid */
            id: string;
            keyPrefix: string;
            /** @description The owner: an account, or the text given with X-Admin-Key */
            userId: string | null;
            name: string;
            permissions: ("read" | "write" | "revoke" | "admin")[];
            isActive: boolean;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            lastUsedAt: string | null;
        };
        RelayNotReady: {
            /** @constant */
            status: "not ready";
            /** Format: date-time */
            timestamp: string;
            checks: {
                /** @enum {string} */
                database: "ok" | "failed";
                /** @enum {string} */
                process: "ok" | "stopping";
            };
        };
        RelayPagination: {
            total: number;
            limit: number;
            offset: number;
            hasMore: boolean;
        };
        RelayReady: {
            /** @constant */
            status: "ready";
            /** Format: date-time */
            timestamp: string;
            checks: {
                /** @enum {string} */
                database: "ok" | "failed";
                /** @enum {string} */
                process: "ok" | "stopping";
            };
        };
        RequestedRevocation: {
            /** Format: uuid */
            revocationId: string;
            /** Format: uuid */
            keyId: string;
            /** @enum {string} */
            status: "pending" | "confirmed" | "cancelled" | "expired" | "locked";
            reason: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
            confirmationCode: string;
        };
        RestartFrame: {
            /** @constant */
            type: "restart";
            data: {
                /** @description Wait this long, so that not all come back in the same moment */
                reconnect_after_ms: number;
            };
        };
        /**
         * @example {
         *       "backup_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa"
         *     }
         */
        RestoredConfig: {
            /** Format: uuid */
            backup_id: string;
        };
        ResyncFrame: {
            /** @constant */
            type: "resync";
            data: {
                /** Format: date-time */
                timestamp: string;
            };
        };
        Revocation: {
            /** Format: uuid */
            revocationId: string;
            /** Format: uuid */
            keyId: string;
            /** @enum {string} */
            status: "pending" | "confirmed" | "cancelled" | "expired" | "locked";
            reason: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        /**
         * @example {
         *       "reason": "The laptop was lost",
         *       "confirmationHours": 24
         *     }
         */
        RevocationRequest: {
            reason: string;
            /**
             * @description How long it can be confirmed
             * @default 24
             */
            confirmationHours?: number;
        };
        RevokedKey: {
            /** Format: uuid */
            deletedId: string;
            channelId: string | null;
        };
        Session: {
            /** Format: uuid */
            id: string;
            /** @description The session of the token that asks */
            current: boolean;
            user_agent: string | null;
            ip_address: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string;
            /** Format: date-time */
            expires_at: string;
        };
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
        SocketTicket: {
            ticket: string;
            /** Format: date-time */
            expires_at: string;
        };
        StartedTask: {
            /** Format: uuid */
            task_id: string;
            /** @enum {string} */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** Format: date-time */
            lease_expires_at: string;
        };
        /**
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
            tasks_completed: number;
            /** @description Those that ran out of time too */
            tasks_failed: number;
            tasks_cancelled: number;
            /** @description Seconds, from start to end of each task */
            total_execution_time: number;
            /** @description Devices with any status but offline */
            devices_online: number;
            /** @description Bytes */
            storage_used: number;
            /** @description Each UTC day of the period, the oldest first, with the tasks that finished on it */
            daily_breakdown: {
                /** Format: date */
                date: string;
                count: number;
            }[];
        };
        /** @description One Server-Sent Event of a subscription; its data is sent as JSON */
        StreamEvent: components["schemas"]["ConnectedEvent"] | components["schemas"]["MessageEvent"];
        SubscribeCommand: {
            /** @constant */
            type: "subscribe";
            /** @description `device:<uuid>` or `task:<uuid>` */
            channel: string;
        };
        SubscribedFrame: {
            /** @constant */
            type: "subscribed";
            channel: string;
        };
        SyncedConfig: {
            config: components["schemas"]["DeviceConfig"];
            config_version: number;
            /** @description Repeated until the restore is confirmed */
            restore: {
                /** Format: uuid */
                backup_id: string;
                config_name: string;
                config_data: {
                    [key: string]: unknown;
                };
            } | null;
        };
        Task: {
            /** Format: uuid */
            id: string;
            /** @description Null after the device was deleted */
            device_id: string | null;
            /** @enum {string} */
            type: "bash" | "workflow" | "custom";
            command: string;
            args: {
                [key: string]: unknown;
            } | null;
            /** @enum {string} */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Why it has this status: expired, predecessor, lost, unconfirmed, device_deleted, … */
            reason: string | null;
            priority: number;
            /** @description Milliseconds */
            timeout: number;
            timeout_seconds: number;
            max_retries: number;
            retry_count: number;
            /** @description How often it was handed to a device */
            attempt: number;
            /** @description Percent, when the device reports it */
            progress: number | null;
            exit_code: number | null;
            signal: string | null;
            error_message: string | null;
            /** @enum {string} */
            on_disconnect: "wait" | "fail" | "requeue";
            grace_seconds: number;
            /** @enum {string} */
            source: "api" | "email" | "web" | "cli";
            /** @description The task that this one retries */
            parent_task_id: string | null;
            /** @description X-Request-Id of the request that created it */
            request_id: string | null;
            /** @description As it came with that request (W3C Trace Context); the daemon gets it with the task */
            traceparent: string | null;
            batch_id: string | null;
            /** @description In a sequential batch: the one that must complete before */
            after_task_id: string | null;
            run_at: string | null;
            /** Format: date-time */
            expires_at: string;
            started_at: string | null;
            completed_at: string | null;
            cancel_requested_at: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @description The first 64 KiB and the last 960 KiB */
            stdout: string | null;
            stderr: string | null;
            stdout_truncated: boolean;
            stderr_truncated: boolean;
        };
        TaskAvailableFrame: {
            /** @constant */
            type: "task.available";
            data: {
                /** Format: uuid */
                device_id: string;
            };
        };
        TaskCancelFrame: {
            /** @constant */
            type: "task.cancel";
            data: {
                /** Format: uuid */
                task_id: string;
                grace_seconds: number;
            };
        };
        TaskCompletedFrame: {
            /** @constant */
            type: "task.completed";
            data: {
                /** Format: uuid */
                task_id: string;
                /**
                 * @description However it ended: completed, failed, cancelled or timeout
                 * @enum {string}
                 */
                status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                exit_code: number | null;
                /** @description Its last 16 KiB */
                stdout: string;
                /** @description The task has more */
                stdout_truncated: boolean;
            };
        };
        TaskEvent: {
            id: number;
            attempt: number;
            from_status: ("pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout") | null;
            /** @enum {string} */
            to_status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Who: user:<id>, api_key:<id>, device:<id>, email_config:<id> or system */
            actor: string;
            reason: string | null;
            /** Format: date-time */
            created_at: string;
        };
        TaskOutput: {
            /** Format: uuid */
            task_id: string;
            /** @description 0 before the task was first handed to a device */
            attempt: number;
            /** @enum {string} */
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
        TaskOutputFrame: {
            /** @constant */
            type: "task.output";
            data: {
                /** Format: uuid */
                task_id: string;
                attempt: number;
                /** @enum {string} */
                stream: "stdout" | "stderr";
                /** @description Bytes of UTF-8 before chunk. A jump means that a piece is to be read */
                offset: number;
                chunk: string;
                /** @description The stream goes on, but no more of it is kept */
                truncated: boolean;
            };
        };
        /**
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
            /** @enum {string} */
            status: "completed" | "failed" | "cancelled" | "timeout";
            exit_code?: number | null;
            signal?: string | null;
            /**
             * @description The first 64 KiB and the last 960 KiB are kept
             * @default
             */
            stdout?: string;
            /** @default  */
            stderr?: string;
            error_message?: string | null;
            started_at?: string | null;
            completed_at?: string | null;
            /** Format: uuid */
            lease_id?: string;
            /**
             * @description The command was not started at all, so that it can safely be tried again
             * @default false
             */
            never_started?: boolean;
        };
        /**
         * @example {
         *       "lease_id": "0b9bb9a5-6f5e-4e8b-8f5c-8f2f27b9d1aa"
         *     }
         */
        TaskStart: {
            /** Format: uuid */
            lease_id: string;
        };
        TaskSummary: {
            /** Format: uuid */
            id: string;
            /** @description Null after the device was deleted */
            device_id: string | null;
            /** @enum {string} */
            type: "bash" | "workflow" | "custom";
            command: string;
            args: {
                [key: string]: unknown;
            } | null;
            /** @enum {string} */
            status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** @description Why it has this status: expired, predecessor, lost, unconfirmed, device_deleted, … */
            reason: string | null;
            priority: number;
            /** @description Milliseconds */
            timeout: number;
            timeout_seconds: number;
            max_retries: number;
            retry_count: number;
            /** @description How often it was handed to a device */
            attempt: number;
            /** @description Percent, when the device reports it */
            progress: number | null;
            exit_code: number | null;
            signal: string | null;
            error_message: string | null;
            /** @enum {string} */
            on_disconnect: "wait" | "fail" | "requeue";
            grace_seconds: number;
            /** @enum {string} */
            source: "api" | "email" | "web" | "cli";
            /** @description The task that this one retries */
            parent_task_id: string | null;
            /** @description X-Request-Id of the request that created it */
            request_id: string | null;
            /** @description As it came with that request (W3C Trace Context); the daemon gets it with the task */
            traceparent: string | null;
            batch_id: string | null;
            /** @description In a sequential batch: the one that must complete before */
            after_task_id: string | null;
            run_at: string | null;
            /** Format: date-time */
            expires_at: string;
            started_at: string | null;
            completed_at: string | null;
            cancel_requested_at: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        TaskUpdatedFrame: {
            /** @constant */
            type: "task.updated";
            data: {
                /** Format: uuid */
                task_id: string;
                /** @enum {string} */
                status: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                /** @description Percent, when the device reports it */
                progress: number | null;
            };
        };
        UnsubscribeCommand: {
            /** @constant */
            type: "unsubscribe";
            /** @description `device:<uuid>` or `task:<uuid>` */
            channel: string;
        };
        UnsubscribedFrame: {
            /** @constant */
            type: "unsubscribed";
            channel: string;
            /** @description Why, when it was not asked for: what the channel is of is gone */
            code?: string;
        };
        UploadedLog: {
            /** Format: uuid */
            log_id: string;
            /** @description Bytes */
            size: number;
            type: string;
            /** Format: date */
            date: string;
        };
        User: {
            /** Format: uuid */
            id: string;
            email: string;
            display_name: string | null;
            avatar_url: string | null;
            /** @enum {string} */
            plan: "free" | "pro" | "enterprise";
            is_verified: boolean;
            notify_by_email: boolean;
            /** @description Bytes */
            storage_used: number;
            /** Format: date-time */
            created_at: string;
            last_login_at: string | null;
        };
        AuthVerifyEmailData: {
            /** @constant */
            verified: true;
        };
        AuthResendVerificationData: {
            /** @description False: the address is verified already */
            queued: boolean;
        };
        AuthForgotPasswordData: {
            /** @constant */
            accepted: true;
        };
        AuthResetPasswordData: {
            /** @constant */
            reset: true;
        };
        AuthLogoutData: {
            /** @constant */
            logged_out: true;
        };
        AuthMeData: {
            user: components["schemas"]["User"];
        };
        AuthListSessionsData: {
            sessions: components["schemas"]["Session"][];
        };
        AuthRevokeSessionData: {
            /** Format: uuid */
            session_id: string;
            /** @constant */
            revoked: true;
        };
        UsersUpdateData: {
            user: components["schemas"]["User"];
        };
        UsersRemoveData: {
            /** @constant */
            deleted: true;
        };
        UsersChangePasswordData: {
            sessions_ended: number;
        };
        ApiKeysListData: {
            api_keys: components["schemas"]["ApiKey"][];
        };
        ApiKeysRemoveData: {
            /** Format: uuid */
            api_key_id: string;
            /** @constant */
            deleted: true;
        };
        DaemonClaimQuery: {
            /** @default 10 */
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
        DaemonRestoredConfigData: {
            /** Format: uuid */
            backup_id: string;
            /** @constant */
            restored: true;
        };
        DaemonOfflineData: {
            /** Format: uuid */
            device_id: string;
            /** @enum {string} */
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
            /** @enum {string} */
            status?: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
            /** Format: uuid */
            device_id?: string;
            /** Format: uuid */
            batch_id?: string;
        };
        TasksGetQuery: {
            /**
             * @description Seconds to wait for the task to finish
             * @default 0
             */
            wait?: number;
        };
        TasksListEventsData: {
            events: components["schemas"]["TaskEvent"][];
        };
        TasksOutputQuery: {
            /**
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
            /** @enum {string} */
            status?: "online" | "offline" | "busy" | "error" | "maintenance";
        };
        DevicesRemoveData: {
            /** Format: uuid */
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
        MessagesReadAllData: {
            /** @description How many were unread */
            messages_read: number;
        };
        MessagesRemoveData: {
            /** Format: uuid */
            message_id: string;
            /** @constant */
            deleted: true;
        };
        EmailVerifyData: {
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
            /** Format: uuid */
            device_id?: string;
        };
        ConfigRemoveBackupData: {
            /** Format: uuid */
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
            /** Format: uuid */
            device_id?: string;
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
        LogsRemoveData: {
            /** Format: uuid */
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
        KeysListData: components["schemas"]["RelayKey"][];
        KeysGetData: components["schemas"]["PublicKey"] | components["schemas"]["RelayKey"];
        CronCleanupChannelsQuery: {
            /**
             * @default all
             * @enum {string}
             */
            task?: "persistent" | "temporary" | "all";
        };
        CronCleanupKeysQuery: {
            /**
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
                        data: {
                            /** @constant */
                            verified: true;
                        };
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
                        data: {
                            /** @description False: the address is verified already */
                            queued: boolean;
                        };
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
                        data: {
                            /** @constant */
                            accepted: true;
                        };
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
                        data: {
                            /** @constant */
                            reset: true;
                        };
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
                        data: {
                            /** @constant */
                            logged_out: true;
                        };
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
                        data: {
                            user: components["schemas"]["User"];
                        };
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
                        data: {
                            sessions: components["schemas"]["Session"][];
                        };
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
                        data: {
                            /** Format: uuid */
                            session_id: string;
                            /** @constant */
                            revoked: true;
                        };
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
                        data: {
                            /** @constant */
                            deleted: true;
                        };
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
                        data: {
                            user: components["schemas"]["User"];
                        };
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
                        data: {
                            sessions_ended: number;
                        };
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
                        data: {
                            api_keys: components["schemas"]["ApiKey"][];
                        };
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
                        data: {
                            /** Format: uuid */
                            api_key_id: string;
                            /** @constant */
                            deleted: true;
                        };
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
                        data: {
                            /** Format: uuid */
                            backup_id: string;
                            /** @constant */
                            restored: true;
                        };
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
                        data: {
                            /** Format: uuid */
                            device_id: string;
                            /** @enum {string} */
                            daemon_status: "online" | "offline" | "busy" | "error" | "maintenance";
                        };
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
                status?: "pending" | "queued" | "assigned" | "running" | "completed" | "failed" | "cancelled" | "timeout";
                device_id?: string;
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
                        data: {
                            tasks: components["schemas"]["TaskSummary"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
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
                        data: {
                            events: components["schemas"]["TaskEvent"][];
                        };
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
                        data: {
                            devices: components["schemas"]["Device"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
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
                        data: {
                            /** Format: uuid */
                            device_id: string;
                            /** @constant */
                            deleted: true;
                        };
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
                        data: {
                            messages: components["schemas"]["Message"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
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
                        data: {
                            /** @description How many were unread */
                            messages_read: number;
                        };
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
                        data: {
                            /** Format: uuid */
                            message_id: string;
                            /** @constant */
                            deleted: true;
                        };
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
                        data: {
                            email_address: string;
                            /** @constant */
                            is_verified: true;
                        };
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
                        data: {
                            backups: components["schemas"]["ConfigBackup"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
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
                        data: {
                            /** Format: uuid */
                            backup_id: string;
                            /** @constant */
                            deleted: true;
                        };
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
                device_id?: string;
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
                        data: {
                            logs: components["schemas"]["Log"][];
                            pagination: components["schemas"]["Pagination"];
                            /** @description Pass it as cursor for the next page; null on the last */
                            next_cursor: string | null;
                        };
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
                        data: {
                            /** Format: uuid */
                            log_id: string;
                            /** @constant */
                            deleted: true;
                        };
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
                type?: "public" | "encrypted" | "private" | "temporary";
                limit?: number;
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
                        data: components["schemas"]["PublicKey"] | components["schemas"]["RelayKey"];
                    };
                };
            };
        };
    };
    "keys.remove": {
        parameters: {
            query?: {
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
                task?: "persistent" | "temporary" | "all";
            };
            header?: {
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
                task?: "expired-keys" | "audit-logs" | "orphaned-keys" | "messages" | "all";
            };
            header?: {
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
