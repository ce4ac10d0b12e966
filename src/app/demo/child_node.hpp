#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace cairn {

/// A node of this same program as a process of its own. It ends when this object goes, or when this
/// process dies, however that comes.
class ChildNode {
public:
    static constexpr int kReadyWithin_ms = 30'000;
    static constexpr int kStopWithin_ms = 5'000;

    /// Runs `cairn node WORDS…`, its log going to `log_file`, and waits until it listens. Error: a
    /// sentence that names the log. The caller has no other thread yet.
    [[nodiscard]] static Result<std::unique_ptr<ChildNode>, std::string> start(
        const std::vector<std::string>& words, const std::string& log_file);
    ~ChildNode();
    ChildNode(const ChildNode&) = delete;
    ChildNode& operator=(const ChildNode&) = delete;

    [[nodiscard]] const std::string& url() const { return url_; }
    /// Whether it still runs.
    [[nodiscard]] bool alive();
    /// Asks it to end and waits; kills it if it takes too long.
    void stop();

private:
    ChildNode(pid_t pid, int output) : pid_{pid}, output_{output} {}
    [[nodiscard]] bool read_url();

    pid_t pid_;
    int output_;  // its standard output
    std::string url_;
};

}  // namespace cairn
