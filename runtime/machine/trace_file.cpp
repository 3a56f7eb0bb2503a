#include "runtime/machine/trace_file.hpp"

#include <algorithm>
#include <cstdio>

#include "runtime/machine/error.hpp"

namespace pto::host {

namespace {

class TraceWriter {
  public:
    explicit TraceWriter(TraceContents& contents) : contents_(contents) {
        std::sort(contents_.fifos.begin(), contents_.fifos.end(),
                  [](const auto& a, const auto& b) { return a.first.flag_base < b.first.flag_base; });
    }

    std::string write(const std::string& path) {
        const std::string temporary = path + ".tmp";
        std::FILE* file = std::fopen(temporary.c_str(), "wb");
        if (!file) return "cannot write the trace file " + temporary;
        const std::string head = header();
        const uint64_t length = head.size();
        bool written = put(file, kMagic, sizeof kMagic - 1) && put(file, &length, sizeof length) &&
                       put(file, head.data(), head.size());
        uint32_t first_access = 0;
        for (CoreLog& log : contents_.logs) {
            for (Event& event : log.events) {
                event.first_access += first_access;
                if (event.kind >= EventKind::Alloc) event.fifo = id_of(event.fifo);
            }
            first_access += static_cast<uint32_t>(log.accesses.size());
            written = written && put(file, log.events.data(), log.events.size() * sizeof(Event));
        }
        for (const CoreLog& log : contents_.logs) {
            written = written && put(file, log.accesses.data(), log.accesses.size() * sizeof(Access));
        }
        written = (std::fclose(file) == 0) && written;
        if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) {
            std::remove(temporary.c_str());
            return "cannot write the trace file " + path + ": is the disk full?";
        }
        return "";
    }

  private:
    static constexpr char kMagic[] = "PTOTRACE1\n";

    static bool put(std::FILE* file, const void* bytes, size_t count) {
        return count == 0 || std::fwrite(bytes, 1, count, file) == count;
    }

    static std::string quoted(const std::string& text) {
        std::string result = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') result += '\\';
            if (static_cast<unsigned char>(c) >= ' ') result += c;
        }
        return result + "\"";
    }

    uint32_t id_of(uint32_t flag_base) const {
        uint32_t id = 0;
        while (contents_.fifos[id].first.flag_base != flag_base) ++id;
        return id;
    }

    std::string header() const {
        std::string text = "{\"version\":1,\"source\":" + quoted(contents_.source) + ",\"ops\":[";
        const char* comma = "";
        for (const char* op : kOpNames) {
            text += comma + quoted(op);
            comma = ",";
        }
        text += "],\"tiles\":[],\"block_dim\":" + std::to_string(contents_.block_count) + ",\"fifos\":[";
        for (size_t f = 0; f < contents_.fifos.size(); ++f) {
            const auto& [spec, split] = contents_.fifos[f];
            text += format(
                "%s{\"id\":%zu,\"flag_base\":%u,\"direction\":\"%s\",\"slots\":%u,\"slot_bytes\":%lu,\"split\":%d}",
                f ? "," : "", f, spec.flag_base, name(spec.direction), spec.slots, spec.slot_bytes,
                static_cast<int>(split));
        }
        text += "],\"cores\":[";
        uint64_t events = 0;
        uint64_t accesses = 0;
        for (size_t c = 0; c < contents_.logs.size(); ++c) {
            const CoreLog& log = contents_.logs[c];
            const size_t position = c % (1 + kSubblocks);
            text += format("%s{\"block\":%zu,\"kind\":\"%s\",\"subblock\":%zu,\"first_event\":%lu,\"events\":%zu}",
                           c ? "," : "", c / (1 + kSubblocks), position ? "vec" : "cube", position ? position - 1 : 0,
                           events, log.events.size());
            events += log.events.size();
            accesses += log.accesses.size();
        }
        return text + format("],\"events\":%lu,\"accesses\":%lu,\"error\":", events, accesses) +
               quoted(contents_.error) + "}";
    }

    TraceContents& contents_;
};

}  // namespace

std::string write_trace(TraceContents& contents, const std::string& path) { return TraceWriter(contents).write(path); }

}  // namespace pto::host
