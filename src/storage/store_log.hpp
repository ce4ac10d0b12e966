#pragma once

#include <rocksdb/env.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace cairn {

/// Where RocksDB's own words go: its warnings and errors to `note`, a few at a time, the rest
/// nowhere. Its usual log is a file beside the data, which a full disk takes down together with the
/// process. Threads: any.
class StoreLog final : public rocksdb::Logger {
public:
    using Note = std::function<void(const std::string&)>;
    static constexpr int kBurst = 8;                          // lines at once
    static constexpr std::chrono::seconds kOneMoreAfter{15};  // and then one in so long

    /// A null `note`: nothing is said.
    explicit StoreLog(Note note);

    /// One line, unless there were too many.
    void say(const std::string& line) noexcept;

    void LogHeader(const char* /*format*/, va_list /*values*/) override {}
    void Logv(const char* format, va_list values) override;
    void Logv(rocksdb::InfoLogLevel level, const char* format, va_list values) override;
    [[nodiscard]] std::size_t GetLogFileSize() const override { return 0; }

private:
    using Clock = std::chrono::steady_clock;

    Note note_;
    std::mutex mutex_;  // guards what follows
    int left_ = kBurst;
    Clock::time_point next_ = Clock::now() + kOneMoreAfter;
    std::uint64_t unsaid_ = 0;
};

/// `text` without the names by which only this process reaches its folders (/proc/self/fd/7/).
[[nodiscard]] std::string without_reach(std::string text);

}  // namespace cairn
