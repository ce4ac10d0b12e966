#include "app/inventories.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "json/array_copy.hpp"

namespace cairn {
namespace {

constexpr int kPollMs = 1000;
constexpr long kStatusOk = 200;

/// libcurl as a whole, before the first thread that uses it.
void* make_multi() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    return ready == CURLE_OK ? curl_multi_init() : nullptr;
}

std::optional<net::IpBytes> ip_of(const sockaddr& address) {
    net::IpBytes ip{};
    if (address.sa_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        ip[10] = ip[11] = 0xff;
        std::memcpy(ip.data() + 12, &v4.sin_addr, 4);
        return ip;
    }
    if (address.sa_family != AF_INET6) return std::nullopt;
    std::memcpy(ip.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, ip.size());
    return ip;
}

/// One node that is asked.
class Question {
public:
    /// `room`: bytes that all questions of the round may still keep.
    Question(const net::NodeAddress& node, const InventoryLimits& limits, std::size_t& room)
        : limits_{limits},
          room_{room},
          text_{node.to_string()},
          copy_{"values", {.depth = 32, .bytes = limits.node_bytes}},
          easy_{curl_easy_init()} {
        if (!easy_) return;
        const std::string url = "http://" + text_ + "/inv";
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_QUICK_EXIT, 1L);
        set(CURLOPT_TIMEOUT_MS, limits.answer_ms);
        set(CURLOPT_FORBID_REUSE, 1L);
        set(CURLOPT_FRESH_CONNECT, 1L);
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_USERAGENT, "cairn");
        set(CURLOPT_OPENSOCKETFUNCTION, &Question::open_socket);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_WRITEFUNCTION, &Question::on_body);
        set(CURLOPT_WRITEDATA, this);
    }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

    [[nodiscard]] CURL* easy() const { return easy_.get(); }

    /// How libcurl says that it ended.
    void end(CURLcode code) { code_ = code; }

    [[nodiscard]] Inventory outcome() {
        if (auto wrong = failure()) return {text_, "It " + *wrong + "."};
        if (!truncated_) {
            if (const auto whole = copy_.finish(); !whole)
                return {text_, "It answers what is no inventory: " + whole.error().reason + "."};
        }
        return {text_, Inventory::Values{copy_.take(), truncated_}};
    }

private:
    struct Cleanup {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    };

    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK) broken_ = true;
    }

    [[nodiscard]] long status() const {
        long status = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        return status;
    }

    /// What is wrong with it, if anything is: the rest of "It …".
    [[nodiscard]] std::optional<std::string> failure() const {
        if (!easy_ || broken_) return "could not be asked: memory is short";
        if (!forbidden_.empty())
            return "leads to the address " + forbidden_ + ", where no node may be";
        if (bad_) return "answers what is no inventory: " + *bad_;
        if (code_ == CURLE_OK || code_ == CURLE_WRITE_ERROR) {
            const long found = status();
            if (found == kStatusOk) return std::nullopt;
            if (found >= 300 && found < 400)
                return "answers with a redirect (" + std::to_string(found) +
                       "), and none is followed";
            return "answers /inv with status " + std::to_string(found);
        }
        switch (code_) {
            case CURLE_OPERATION_TIMEDOUT:
                return "gave no whole answer within " + std::to_string(limits_.answer_ms) + " ms";
            case CURLE_COULDNT_RESOLVE_HOST:
                return "has a name that leads to no address";
            case CURLE_COULDNT_CONNECT:
                return "takes no connection: nobody listens there";
            case CURLE_GOT_NOTHING:
            case CURLE_RECV_ERROR:
            case CURLE_PARTIAL_FILE:
                return "closed the connection before its answer was whole";
            default:
                return std::string{"does not speak HTTP as it should: "} +
                       curl_easy_strerror(code_);
        }
    }

    [[nodiscard]] std::size_t take(std::string_view part) {
        if (status() != kStatusOk) return 0;
        const std::size_t wanted = std::min(part.size(), limits_.node_bytes - received_);
        received_ += wanted;
        const auto more = copy_.feed(part.substr(0, wanted));
        if (!more) {
            bad_ = more.error().reason;
            return 0;
        }
        const std::size_t held = copy_.held();
        const std::size_t grown = held - std::min(held, held_);
        held_ = std::max(held, held_);
        truncated_ = !*more || wanted < part.size() || grown > room_;
        room_ -= std::min(room_, grown);
        return truncated_ ? 0 : part.size();
    }

    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
        return static_cast<Question*>(self)->take({data, size * count});
    }
    static curl_socket_t open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
        const auto ip = ip_of(address->addr);
        if (!ip || net::class_of(*ip) == net::AddressClass::forbidden) {
            static_cast<Question*>(self)->forbidden_ =
                ip ? net::ip_to_string(*ip) : "of no IP kind";
            return CURL_SOCKET_BAD;
        }
        return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    }

    const InventoryLimits& limits_;
    std::size_t& room_;
    const std::string text_;
    json::ArrayCopy copy_;
    std::size_t received_ = 0;
    std::size_t held_ = 0;
    bool truncated_ = false;
    bool broken_ = false;
    std::string forbidden_;
    std::optional<std::string> bad_;
    CURLcode code_ = CURLE_OPERATION_TIMEDOUT;
    std::unique_ptr<CURL, Cleanup> easy_;
};

}  // namespace

InventoryRounds::InventoryRounds(Clock clock, InventoryLimits limits,
                                 std::shared_ptr<MemoryBudget> memory)
    : clock_{std::move(clock)}, limits_{limits}, memory_{std::move(memory)}, multi_{make_multi()} {
    if (multi_ != nullptr)
        curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                          static_cast<long>(limits_.at_once));
    thread_ = std::thread{[this] { run(); }};
}

InventoryRounds::~InventoryRounds() {
    stop();
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

bool InventoryRounds::is_stopping() const {
    const std::lock_guard lock{mutex_};
    return stopping_;
}

void InventoryRounds::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
    if (thread_.joinable()) thread_.join();
}

void InventoryRounds::ask(std::vector<net::NodeAddress> nodes, Done done) {
    {
        const std::lock_guard lock{mutex_};
        if (!stopping_ && callers_.size() < limits_.waiting) {
            callers_.push_back({std::move(nodes), std::move(done)});
            done = nullptr;
        }
    }
    if (done)
        return done(fail(NodesFailure{"As many wait for the nodes' answers as may: try again."}));
    wake_.notify_one();
}

Result<Inventories, NodesFailure> InventoryRounds::ask_all(const Nodes& nodes) {
    // Held as long as anybody reads the round.
    struct Round {
        std::vector<Inventory> answers;
        MemoryBudget::Hold held;
    };
    auto round = std::make_shared<Round>(Round{{}, MemoryBudget::Hold{memory_}});
    std::size_t room = limits_.round_bytes;
    if (!round->held.resize(room))
        return fail(NodesFailure{
            "What the nodes answered before is still being read, and there is no memory for more "
            "of it: try again in a few seconds."});
    std::vector<std::unique_ptr<Question>> questions;
    for (const auto& node : nodes) {
        questions.push_back(std::make_unique<Question>(node, limits_, room));
        if (CURL* easy = questions.back()->easy(); easy != nullptr && multi_ != nullptr) {
            curl_easy_setopt(easy, CURLOPT_PRIVATE, questions.back().get());
            curl_multi_add_handle(multi_, easy);
        }
    }
    int running = multi_ != nullptr && !questions.empty() ? 1 : 0;
    while (running > 0 && !is_stopping()) {
        if (curl_multi_perform(multi_, &running) != CURLM_OK) break;
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            void* question = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &question);
            static_cast<Question*>(question)->end(message->data.result);
        }
        if (running > 0) curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
    for (const auto& question : questions) {
        if (multi_ != nullptr && question->easy() != nullptr)
            curl_multi_remove_handle(multi_, question->easy());
        round->answers.push_back(question->outcome());
    }
    if (is_stopping()) return fail(NodesFailure{"The node is stopping."});
    (void)round->held.resize(limits_.round_bytes - room);
    return Inventories{round, &round->answers};
}

void InventoryRounds::run() {
    Nodes asked;
    Result<Inventories, NodesFailure> kept{nullptr};
    Tick kept_until = 0;
    for (;;) {
        Nodes next;
        {
            std::unique_lock lock{mutex_};
            const auto due = [this] { return stopping_ || !callers_.empty(); };
            // What was kept for the next caller goes when its time is over.
            if (kept && *kept &&
                !wake_.wait_for(lock, std::chrono::milliseconds{limits_.kept_ms}, due))
                kept = nullptr;
            wake_.wait(lock, due);
            if (stopping_) break;
            next = callers_.front().nodes;
        }
        if (!kept || !*kept || clock_().steady >= kept_until || next != asked) {
            kept = nullptr;
            kept = ask_all(next);
            if (is_stopping()) break;
            kept_until = clock_().steady + limits_.kept_ms;
            asked = std::move(next);
        }
        std::vector<Caller> served;
        {
            const std::lock_guard lock{mutex_};
            const auto others =
                std::stable_partition(callers_.begin(), callers_.end(),
                                      [&](const Caller& caller) { return caller.nodes != asked; });
            std::move(others, callers_.end(), std::back_inserter(served));
            callers_.erase(others, callers_.end());
        }
        for (const auto& caller : served) caller.done(kept);
    }
    std::deque<Caller> left;
    {
        const std::lock_guard lock{mutex_};
        left.swap(callers_);
    }
    for (const auto& caller : left) caller.done(fail(NodesFailure{"The node is stopping."}));
}

}  // namespace cairn
