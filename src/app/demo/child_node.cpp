#include "app/demo/child_node.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>

namespace cairn {
namespace {

constexpr std::string_view kReady = "listening on ";

/// In the child, between fork and exec: nothing but what is safe there.
[[noreturn]] void become_node(char* const* words, int output, int log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above
    // Ctrl-C goes to the whole group of the terminal: the parent alone decides when its nodes end.
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(1);
    execv("/proc/self/exe", words);
    _exit(127);
}

}  // namespace

Result<std::unique_ptr<ChildNode>, std::string> ChildNode::start(
    const std::vector<std::string>& words, const std::string& log_file) {
    const auto error = [] { return std::generic_category().message(errno); };
    std::vector<std::string> all = {"cairn", "node"};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (auto& word : all) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) return fail(log_file + " cannot be written: " + error());
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        const std::string why = error();
        close(log);
        return fail("no pipe to a node: " + why);
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) become_node(pointers.data(), pipe_ends[1], log, parent);
    const std::string why = error();
    close(log);
    close(pipe_ends[1]);
    if (pid < 0) {
        close(pipe_ends[0]);
        return fail("no process for a node: " + why);
    }
    std::unique_ptr<ChildNode> child{new ChildNode{pid, pipe_ends[0]}};
    if (!child->read_url()) return fail("a node did not start; its log is " + log_file);
    return child;
}

ChildNode::~ChildNode() {
    stop();
    close(output_);
}

bool ChildNode::read_url() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{kReadyWithin_ms};
    std::string text;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd wanted{output_, POLLIN, 0};
        if (left.count() <= 0 || poll(&wanted, 1, static_cast<int>(left.count())) <= 0)
            return false;
        char buffer[4096];
        const ssize_t got = read(output_, buffer, sizeof buffer);
        if (got <= 0) return false;
        text.append(buffer, static_cast<std::size_t>(got));
        const std::size_t at = text.find(kReady);
        if (at == std::string::npos) continue;
        const std::size_t line_end = text.find('\n', at);
        if (line_end == std::string::npos) continue;
        url_ = text.substr(at + kReady.size(), line_end - at - kReady.size());
        return true;
    }
}

bool ChildNode::alive() {
    if (pid_ <= 0) return false;
    if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
}

void ChildNode::stop() {
    if (!alive()) return;
    kill(pid_, SIGTERM);
    // A pipe's end tells of its writer's end, so there is nothing to poll by the clock.
    pollfd gone{output_, 0, 0};
    if (poll(&gone, 1, kStopWithin_ms) <= 0) kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

}  // namespace cairn
