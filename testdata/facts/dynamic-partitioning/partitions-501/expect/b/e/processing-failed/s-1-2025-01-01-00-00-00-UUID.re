"rawData":"eyJrIjo1MDF9","errorCode":"DynamicPartitioning.ActivePartitionsLimitExceeded"
